//! A client that says things, loses its connection and comes back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use turmoil::net::TcpStream;
use wirechat::net::{ConnectOptions, WebSocket, connect_over};
use wirechat::proto::handshake::ClientOptions;
use wirechat::proto::{CloseCode, Config, Keepalive};

use crate::faults::Chance;
use crate::frail::Frail;
use crate::record::Record;
use crate::story::{CLIENTS, PORT, SERVER};

/// What each client says to the room, and to the next client.
const WORDS: usize = 25;
const LETTERS: usize = 8;

/// How long a step may take until a client gives the connection up.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Client {
    who: usize,
    chance: Chance,
    record: Arc<Mutex<Record>>,
    /// Whether its connections may break in the middle of a frame.
    is_frail: bool,
    /// What it has still to say, and to whom if not to all; what was said and not
    /// acknowledged is said again after a break.
    to_say: Vec<(String, Option<usize>)>,
    unacknowledged: Vec<(String, Option<usize>)>,
    /// The last private message that it has seen. Once it has asked to join and does
    /// not know whether it was heard, it wants all that is kept.
    letter: Option<String>,
}

/// Why a connection is over.
enum End {
    Lost,
    Done,
}

type Socket = WebSocket<Frail>;

impl Client {
    pub(crate) fn new(
        who: usize,
        seed: u64,
        record: &Arc<Mutex<Record>>,
        is_frail: bool,
    ) -> Client {
        let mut chance = Chance::new(seed ^ (who as u64 + 1) << 32);
        let words = (0..WORDS).map(|n| (format!("words {n} of {who}"), None));
        let next = (who + 1) % CLIENTS;
        let letters = (0..LETTERS).map(|n| (format!("letter {n} of {who}"), Some(next)));
        let mut to_say: Vec<_> = words.chain(letters).collect();
        chance.shuffle(&mut to_say);
        let record = Arc::clone(record);
        Client { who, chance, record, is_frail, to_say, unacknowledged: Vec::new(), letter: None }
    }

    /// Comes back until all is said and seen.
    pub(crate) async fn live(mut self) -> turmoil::Result {
        loop {
            if let Some(End::Done) = self.connect().await {
                return Ok(());
            }
            sleep(Duration::from_millis(self.chance.below(2_000))).await;
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection; nothing if none could be made.
    async fn connect(&mut self) -> Option<End> {
        let stream = timeout(PATIENCE, TcpStream::connect((SERVER, PORT))).await.ok()?.ok()?;
        let breaks = self.is_frail && !self.record().is_calm;
        let bytes = |chance: &mut Chance| match breaks {
            true => chance.below(8_000) as usize,
            false => usize::MAX,
        };
        let stream = Frail::new(stream, bytes(&mut self.chance), bytes(&mut self.chance));
        let subprotocols = vec![wirechat::chat::SUBPROTOCOL.to_owned()];
        let keepalive = Keepalive {
            interval: Duration::from_secs(3),
            timeout: Duration::from_secs(3),
            ..Keepalive::default()
        };
        let options = ConnectOptions {
            handshake: ClientOptions { subprotocols, ..ClientOptions::default() },
            config: Config { keepalive: Some(keepalive), ..Config::default() },
            timeout: PATIENCE,
        };
        let uri = format!("ws://{SERVER}:{PORT}/").parse().expect("an address");
        let mut socket = connect_over(stream, &uri, &options).await.ok()?.socket;
        let end = self.talk(&mut socket).await;
        self.record().tally.breaks += usize::from(matches!(end, End::Lost));
        Some(end)
    }

    async fn talk(&mut self, socket: &mut Socket) -> End {
        let join = self.join();
        self.letter.get_or_insert_default();
        if !send(socket, &join).await {
            return End::Lost;
        }
        let mut is_in = false;
        let mut next = Instant::now();
        loop {
            tokio::select! {
                message = socket.recv() => {
                    let Ok(Some(message)) = message else { return End::Lost };
                    let text = message.as_text().expect("objects are text");
                    let object: Value = serde_json::from_str(text).expect("JSON");
                    if object["type"] == "joined" {
                        self.joins(&object);
                        is_in = true;
                        if !self.say_again(socket).await {
                            return End::Lost;
                        }
                    } else if is_in {
                        self.sees(&object); // before, it reads as somebody who has not joined
                    }
                }
                () = sleep_until(next), if is_in => {
                    next = Instant::now() + Duration::from_millis(self.chance.below(3_000));
                    if self.is_done() {
                        let _ = timeout(PATIENCE, socket.close(CloseCode::NORMAL, "")).await;
                        return End::Done;
                    }
                    if !self.say_next(socket).await {
                        return End::Lost;
                    }
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        let record = self.record();
        let all = record.acknowledged.len() == CLIENTS * WORDS
            && record.delivered.len() == CLIENTS * LETTERS;
        record.is_calm && all && record.is_up_to_date(self.who)
    }

    fn join(&self) -> Value {
        let mut join = json!({
            "type": "join",
            "username": format!("client {}", self.who),
            "session": format!("{:032x}", self.who + 1),
        });
        if let Some((epoch, seq)) = self.record().last(self.who) {
            join["resume"] = json!({ "epoch": epoch, "seq": seq });
        }
        if let Some(id) = &self.letter {
            join["private_after"] = json!(id);
        }
        join
    }

    fn joins(&mut self, joined: &Value) {
        let mut record = self.record();
        let epoch = joined["epoch"].as_str().expect("an epoch");
        let head = (record.epoch(epoch), joined["seq"].as_u64().expect("a number"));
        let has_asked = record.last(self.who).is_some();
        match (has_asked, joined["recovered"] == true) {
            (false, _) => record.begins(self.who, head),
            (true, true) => record.is_promised_all(self.who, head),
            (true, false) => record.is_told(self.who, head),
        }
        drop(record);
        self.letter = joined["private_after"].as_str().map(str::to_owned);
    }

    fn sees(&mut self, object: &Value) {
        let text = |key: &str| object[key].as_str().unwrap_or_default();
        match text("type") {
            "message" if object.get("seq").is_some() => {
                let mut record = self.record();
                let place = record.place(text("id"));
                record.sees(self.who, place, text("content"));
            }
            "private" => {
                self.letter = Some(text("id").to_owned());
                if text("to") == format!("client {}", self.who) {
                    self.record().gets(self.who, text("content"));
                }
            }
            "ack" => {
                self.record().tally.repeats += usize::from(object["duplicate"] == true);
                self.is_acknowledged(text("nonce"), text("id"));
            }
            // Who has not been here yet cannot be written to.
            "error" => {
                assert_eq!(object["code"], "no_such_user", "{object}");
                let nonce = text("nonce");
                let place = self.unacknowledged.iter().position(|(content, _)| content == nonce);
                self.to_say.push(self.unacknowledged.remove(place.expect("it was said")));
            }
            _ => {}
        }
    }

    fn is_acknowledged(&mut self, nonce: &str, id: &str) {
        let place = self.unacknowledged.iter().position(|(content, _)| content == nonce);
        let (content, to) = self.unacknowledged.remove(place.expect("acknowledged once"));
        let mut record = self.record();
        match to {
            None => {
                let place = record.place(id);
                record.acknowledged.insert(content, place);
            }
            Some(to) => {
                record.delivered.insert(content, to);
            }
        }
    }

    async fn say_again(&mut self, socket: &mut Socket) -> bool {
        for (content, to) in &self.unacknowledged {
            if !send(socket, &object(content, *to)).await {
                return false;
            }
        }
        true
    }

    async fn say_next(&mut self, socket: &mut Socket) -> bool {
        let Some((content, to)) = self.to_say.pop() else { return true };
        let object = object(&content, to);
        self.unacknowledged.push((content, to));
        send(socket, &object).await
    }
}

fn object(content: &str, to: Option<usize>) -> Value {
    match to {
        None => json!({ "type": "message", "content": content, "nonce": content }),
        Some(to) => json!({
            "type": "private", "to": format!("client {to}"), "content": content, "nonce": content,
        }),
    }
}

/// Whether it was sent, as far as one can know.
async fn send(socket: &mut Socket, object: &Value) -> bool {
    let text = object.to_string();
    matches!(timeout(PATIENCE, socket.send(&*text)).await, Ok(Ok(())))
}
