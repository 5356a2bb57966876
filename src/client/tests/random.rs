//! Whatever becomes of each message and its connection: it is stored once, heard
//! once, in order, and the program hears what became of it.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// What the server does with the next message that it receives.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Confirmed,
    /// The connection breaks before the server has it.
    Lost,
    /// The connection breaks when the server has it.
    Unconfirmed,
    /// The server has it and says nothing.
    Ignored,
    /// The server cannot take it now.
    Refused,
    /// The server sends it to everybody but us.
    LeftOut,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Confirmed),
        2 => Just(Fate::Lost),
        2 => Just(Fate::Unconfirmed),
        1 => Just(Fate::Ignored),
        1 => Just(Fate::Refused),
        1 => Just(Fate::LeftOut),
    ]
}

/// A server that remembers nonces, as the protocol has it.
#[derive(Default)]
struct Store {
    log: Vec<String>,
    nonces: HashMap<String, usize>,
}

impl Store {
    /// Stores it, unless it is there already: its number.
    fn put(&mut self, message: &Value) -> usize {
        let nonce = message["nonce"].as_str().expect("a nonce").to_owned();
        let content = message["content"].as_str().expect("a content").to_owned();
        *self.nonces.entry(nonce).or_insert_with(|| {
            self.log.push(content);
            self.log.len()
        })
    }

    fn message(&self, seq: usize) -> Value {
        json!({"type": "message", "username": "Ann", "content": self.log[seq - 1],
            "room": "lobby", "seq": seq, "id": format!("e-{seq}")})
    }

    async fn serve(&mut self, network: &mut Network, fates: Vec<Fate>) {
        let mut fates = fates.into_iter();
        loop {
            let (mut peer, join) = network.accept_join().await;
            peer.send(joined("lobby", self.log.len() as u64)).await;
            let after = join["resume"]["seq"].as_u64().map_or(self.log.len(), |seq| seq as usize);
            for seq in after + 1..=self.log.len() {
                peer.send(self.message(seq)).await;
            }
            if self.converse(&mut peer, &mut fates).await {
                return;
            }
            peer.vanish();
        }
    }

    /// Whether it ended in good order.
    async fn converse(&mut self, peer: &mut Peer, fates: &mut impl Iterator<Item = Fate>) -> bool {
        while let Some(text) = timeout(PATIENCE, peer.0.recv()).await.unwrap().unwrap() {
            let object: Value = serde_json::from_slice(text.as_bytes()).unwrap();
            if object["type"] == "history" {
                let after = object["after"].as_u64().unwrap() as usize;
                let messages: Vec<Value> =
                    (after + 1..=self.log.len()).map(|seq| self.message(seq)).collect();
                peer.send(json!({"type": "history", "room": "lobby", "messages": messages})).await;
                continue;
            }
            let fate = fates.next().unwrap_or(Fate::Confirmed);
            let is_new = self.log.len();
            match fate {
                Fate::Lost => return false,
                Fate::Refused => {
                    peer.send(json!({"type": "error", "code": "unavailable", "content": "Later.",
                        "nonce": object["nonce"], "retry_after_ms": 50}))
                        .await;
                    continue;
                }
                _ => {}
            }
            let seq = self.put(&object);
            if matches!(fate, Fate::Unconfirmed) {
                return false;
            }
            if seq > is_new && !matches!(fate, Fate::LeftOut) {
                peer.send(self.message(seq)).await;
            }
            if !matches!(fate, Fate::Ignored) {
                peer.send(json!({"type": "ack", "nonce": object["nonce"], "seq": seq})).await;
            }
        }
        true
    }
}

/// What the program has heard: of others, and of what became of its own.
#[derive(Default)]
struct Report {
    heard: Vec<String>,
    delivered: Vec<Ticket>,
    undelivered: Vec<Ticket>,
}

async fn listen(mut events: Events) -> Report {
    let mut report = Report::default();
    while let Some(event) = events.next().await {
        match event {
            Event::Received(Received { object: Object::Message(it), .. }) if !it.is_notice() => {
                report.heard.push(it.content);
            }
            Event::Delivered(it) => report.delivered.push(it.ticket),
            Event::Undelivered(it) => report.undelivered.push(it.ticket),
            Event::Missed(missed) => panic!("{missed:?}"),
            _ => {}
        }
    }
    report
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn each_message_is_stored_once_and_heard_once_and_its_fate_is_told(
        count in 1usize..12,
        fates in prop::collection::vec(fate(), 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async move {
            let (client, events, mut network) = client(options());
            let mut tickets = Vec::new();
            for number in 0..count {
                tickets.push(client.say(number.to_string()).await.unwrap());
            }
            // The last one shows that something before it was left out.
            tickets.push(client.say("last").await.unwrap());
            client.finish().await.unwrap();
            let is_sent = !fates.iter().any(|fate| matches!(fate, Fate::LeftOut));
            let mut store = Store::default();
            let (report, ()) = tokio::join!(listen(events), store.serve(&mut network, fates));

            let number = |content: &String| content.parse().unwrap_or(count);
            let stored: Vec<usize> = store.log.iter().map(number).collect();
            prop_assert!(stored.is_sorted_by(|a, b| a < b), "{:?}", stored);
            prop_assert!(store.log.starts_with(&report.heard), "{:?}", report.heard);
            prop_assert!(!is_sent || report.heard == store.log, "{:?}", report.heard);
            let mut settled = [&report.delivered[..], &report.undelivered].concat();
            settled.sort();
            prop_assert_eq!(&settled, &tickets);
            for (index, ticket) in tickets.iter().enumerate() {
                let is_delivered = report.delivered.contains(ticket);
                prop_assert!(!is_delivered || stored.contains(&index));
            }
            Ok(())
        })?;
    }
}
