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

/// An object of the protocol with fields that a server could get wrong.
fn odd_object() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec![
        "message",
        "joined",
        "private",
        "ack",
        "history",
        "error",
        "going_away",
        "typing",
        "pong",
    ]);
    let room = prop::sample::select(vec![json!("lobby"), json!("rust"), json!(7), Value::Null]);
    let epoch = prop::sample::select(vec![json!("e"), json!("f"), Value::Null]);
    let code = prop::sample::select(vec!["rate_limited", "unavailable", "no"]);
    let number = || prop::sample::select(vec![0, 1, 2, 5, 6, 900, u64::MAX - 1, u64::MAX]);
    let fields = (kind, room, epoch, code, number(), number(), any::<bool>(), any::<bool>());
    fields.prop_map(|(kind, room, epoch, code, seq, wait, recovered, is_reasoned)| {
        let reason = is_reasoned.then_some("too_old");
        json!({"type": kind, "username": "System", "content": "x", "room": room, "epoch": epoch,
            "seq": seq, "id": "e-1", "recovered": recovered, "reason": reason, "code": code,
            "retry_after_ms": wait, "reconnect_after_ms": wait, "session": SESSION,
            "messages": [said("lobby", seq), said("rust", wait), 7]})
    })
}

fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().expect("a runtime").block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn each_message_is_stored_once_and_heard_once_and_its_fate_is_told(
        count in 1usize..12,
        fates in prop::collection::vec(fate(), 0..40),
    ) {
        in_virtual_time(async move {
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

    #[test]
    fn whatever_a_server_sends_the_client_goes_on(
        objects in prop::collection::vec(odd_object(), 0..30),
        older in 0u32..3,
    ) {
        in_virtual_time(async move {
            let (client, mut events, mut network) =
                client(Options { history: older, ..options() });
            let listening = tokio::spawn(async move { events.end().await });
            let mut peer = network.accept_logged(5).await;
            for object in objects {
                peer.send(object).await;
                while let Ok(Ok(Some(_))) = timeout(Duration::from_millis(10), peer.0.recv()).await {}
            }
            client.say("still here").await.unwrap();
            while peer.receive().await["content"] != "still here" {}
            peer.close(1000).await;
            let end = listening.await.unwrap();
            prop_assert!(matches!(end, End::Dismissed(_)), "{}", end);
            Ok(())
        })?;
    }
}
