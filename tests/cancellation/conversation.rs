//! Two ends that answer each other, compressed and not: contexts that outlive
//! messages (RFC 7692 §7.1.1) show at once whether a message was lost or doubled.

use wirechat::proto::{CloseCode, Message, Role};

use crate::runs::{Socket, configs, explore_as, together};
use crate::transport::manners;

async fn echo(mut socket: Socket) {
    while let Some(message) = socket.recv().await.unwrap() {
        socket.send(message).await.unwrap();
    }
    assert!(socket.closure().unwrap().clean);
}

fn messages() -> [Message; 4] {
    let text = Message::from("the same again");
    [text.clone(), text.clone(), Message::Binary(vec![7; 20]), text]
}

#[tokio::test(start_paused = true)]
async fn each_message_is_answered_once() {
    for role in [Role::Client, Role::Server] {
        for config in configs() {
            explore_as(role, config, &manners(5), async |run| {
                let (mut socket, peer) = run.pair();
                let talk = async {
                    let mut answers = Vec::new();
                    for message in messages() {
                        let send = async || socket.send(message.clone()).await;
                        run.calls.until_done(send).await.unwrap();
                        let answer = run.calls.until_done(async || socket.recv().await).await;
                        answers.extend(answer.unwrap());
                    }
                    let close = async || socket.close(CloseCode::NORMAL, "").await;
                    run.calls.until_done(close).await.unwrap();
                    assert!(socket.closure().unwrap().clean);
                    drop(socket);
                    answers
                };
                assert_eq!(together(talk, echo(peer)).await.0, messages());
            })
            .await;
        }
    }
}
