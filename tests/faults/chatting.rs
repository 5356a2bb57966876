//! Somebody who chats and must not notice what others do to the server.

use tokio::net::TcpStream;
use wirechat::WebSocket;
use wirechat::net::{ConnectOptions, connect_with};
use wirechat::proto::handshake::ClientOptions;

use crate::ends::Serving;

/// A member of the lobby.
pub(crate) struct Member(WebSocket<TcpStream>);

impl Member {
    pub(crate) async fn join(server: &Serving, name: &str) -> Member {
        let subprotocols = vec!["wirechat.v1".to_owned()];
        let options = ConnectOptions {
            handshake: ClientOptions { subprotocols, ..ClientOptions::default() },
            ..ConnectOptions::default()
        };
        let uri = format!("ws://{}/ws", server.address);
        let mut member = Member(connect_with(&uri, &options).await.unwrap().socket);
        member.send(&format!(r#"{{"type":"join","username":"{name}"}}"#)).await;
        member.hears(&format!("{name} has joined")).await;
        member
    }

    async fn send(&mut self, object: &str) {
        self.0.send(object).await.unwrap();
    }

    pub(crate) async fn says(&mut self, content: &str) {
        self.send(&format!(r#"{{"type":"message","content":"{content}"}}"#)).await;
    }

    /// The next object, of whatever kind.
    pub(crate) async fn next(&mut self) -> String {
        let message = self.0.recv().await.unwrap().expect("the connection is open");
        message.as_text().expect("objects are text").to_owned()
    }

    /// Reads on until an object has this in it.
    pub(crate) async fn hears(&mut self, part: &str) {
        while !self.next().await.contains(part) {}
    }
}
