//! `wirechat serve --data` is killed in the middle, again and again: nothing that
//! was acknowledged is lost, nothing is stored twice, and the log has no gap.

#![cfg(feature = "cli")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use wirechat::WebSocket;
use wirechat::net::{ConnectOptions, connect_with};
use wirechat::proto::handshake::ClientOptions;

const PATIENCE: Duration = Duration::from_secs(20);

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program, and where it listens. It is killed when this is dropped.
struct Server {
    child: Child,
    uri: String,
}

impl Server {
    async fn start(data: &Path) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wirechat"))
            .args(["serve", "--listen", "127.0.0.1:0", "--rate", "10000", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        let uri = line.split_whitespace().find(|word| word.starts_with("ws://")).unwrap();
        Server { child, uri: uri.to_owned() }
    }

    /// SIGKILL, and gone.
    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// What a client remembers over its connections.
#[derive(Default)]
struct Memory {
    session: Option<Value>,
    epoch: Value,
    /// The number of the last message that it has seen.
    seq: u64,
    /// What it has seen: the contents, in order.
    seen: Vec<String>,
    /// The number that the server gave to each message.
    acknowledged: Vec<(String, u64)>,
}

struct Client<'m> {
    socket: WebSocket<TcpStream>,
    memory: &'m mut Memory,
}

impl<'m> Client<'m> {
    /// Connects and comes back as who it was. Everything missed must be promised.
    async fn come_back(server: &Server, memory: &'m mut Memory) -> Client<'m> {
        let handshake =
            ClientOptions { subprotocols: vec!["wirechat.v1".to_owned()], ..Default::default() };
        let options = ConnectOptions { handshake, ..Default::default() };
        let socket = connect_with(&server.uri, &options).await.unwrap().socket;
        let mut client = Client { socket, memory };
        let mut join = json!({"type": "join", "username": "Ann"});
        let is_back = client.memory.session.is_some();
        if is_back {
            join["session"] = client.memory.session.clone().unwrap();
            join["resume"] = json!({"epoch": client.memory.epoch, "seq": client.memory.seq});
        }
        client.send(&join).await;
        let joined = loop {
            let object = client.next().await.expect("an answer");
            if object["type"] == "joined" {
                break object;
            }
        };
        assert_eq!(joined["recovered"], is_back, "{joined}");
        client.memory.session = Some(joined["session"].clone());
        client.memory.epoch = joined["epoch"].clone();
        client
    }

    async fn send(&mut self, object: &Value) {
        // That the server is gone is seen when nothing more comes.
        let _ = self.socket.send(object.to_string()).await;
    }

    async fn next(&mut self) -> Option<Value> {
        let message = timeout(PATIENCE, self.socket.recv()).await.expect("in time");
        let message = message.ok().flatten()?;
        Some(serde_json::from_str(message.as_text().unwrap()).unwrap())
    }

    /// Says the next numbered message, and hears until it is acknowledged; whether
    /// it was.
    async fn say(&mut self, number: usize) -> bool {
        let content = format!("message {number}");
        self.send(&json!({"type": "message", "content": content, "nonce": number})).await;
        while let Some(object) = self.next().await {
            self.take(&object);
            if object["type"] == "ack" {
                assert_eq!(object["nonce"], number);
                self.memory.acknowledged.push((content, object["seq"].as_u64().unwrap()));
                return true;
            }
        }
        false
    }

    /// What it sees has no gap and no repetition.
    fn take(&mut self, object: &Value) {
        if let (Some(seq), "message") = (object["seq"].as_u64(), object["type"].as_str().unwrap()) {
            assert_eq!(seq, self.memory.seq + 1);
            self.memory.seq = seq;
            self.memory.seen.push(object["content"].as_str().unwrap().to_owned());
        }
    }
}

#[tokio::test]
async fn a_server_that_is_killed_again_and_again_loses_nothing_and_stores_nothing_twice() {
    let path = std::env::temp_dir().join(format!("wirechat-durable-{}", std::process::id()));
    let folder = Folder(path);
    let mut memory = Memory::default();
    let mut number = 0;
    for round in 0..6u64 {
        let server = Server::start(&folder.0).await;
        // A different moment each time, in the middle of whatever happens then.
        let moment = Duration::from_micros(3_000 + 7_919 * round);
        let mut client = Client::come_back(&server, &mut memory).await;
        let talk = async {
            // What was not acknowledged before is sent again, with the same nonce.
            while client.say(number).await {
                number += 1;
            }
        };
        let kill = async {
            tokio::time::sleep(moment).await;
            server.kill().await;
        };
        tokio::join!(talk, kill);
    }
    let server = Server::start(&folder.0).await;
    let mut client = Client::come_back(&server, &mut memory).await;
    assert!(client.say(number).await);
    client.send(&json!({"type": "ping", "nonce": "the end"})).await;
    while let Some(object) = client.next().await {
        client.take(&object);
        if object["nonce"] == "the end" && client.memory.seen.len() > number {
            break;
        }
        if object["type"] == "pong" {
            client.send(&json!({"type": "ping", "nonce": "the end"})).await;
        }
    }
    let said: Vec<String> = (0..=number).map(|number| format!("message {number}")).collect();
    assert!(number > 20, "only {number} messages were said in all rounds");
    assert_eq!(memory.seen, said);
    for (place, (content, seq)) in memory.acknowledged.iter().enumerate() {
        assert_eq!((content, *seq), (&said[place], place as u64 + 1));
    }
}
