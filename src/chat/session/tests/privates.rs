//! Private messages: to both, to nobody else, and not lost.

use super::*;

fn whisper(client: &mut Client, to: &str, content: &str) {
    client.send(&format!(r#"{{"type":"private","to":"{to}","content":"{content}"}}"#));
}

/// The private messages that it gets: from whom, to whom, what.
fn privates(client: &mut Client) -> Vec<String> {
    client.heard();
    let line = |json: &String| {
        let object: Value = serde_json::from_str(json).unwrap();
        let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
        format!("{} to {}: {}", text("from"), text("to"), text("content"))
    };
    let told = client.told();
    told.iter().filter(|json| json.contains(r#""type":"private""#)).map(line).collect()
}

fn come_back(chat: &Arc<Chat>, name: &str, more: &str) -> Client {
    let mut client = Client::open(chat, Encoding::V1);
    client.send(&format!(r#"{{"type":"join","username":"{name}"{more}}}"#));
    client
}

#[test]
fn both_people_get_it_with_all_their_connections_and_nobody_else_does() {
    let chat = chat();
    let [mut ann, mut bob, mut eve] = ["Ann", "Bob", "Eve"].map(|name| Client::v1(&chat, name));
    let token = bob.session.person.as_ref().unwrap().token().unwrap();
    let mut phone = come_back(&chat, "Bob", &format!(r#","session":"{token}""#));
    whisper(&mut ann, "bOB", "psst");
    for client in [&mut ann, &mut bob, &mut phone] {
        assert_eq!(privates(client), ["Ann to Bob: psst"]);
    }
    eve.send(r#"{"type":"history"}"#);
    let told = eve.told();
    assert!(eve.heard().iter().chain(&told).all(|object| !object.contains("psst")));
}

#[test]
fn the_object_has_an_id_and_is_acknowledged_without_a_number() {
    let chat = chat();
    let mut ann = Client::v1(&chat, "Ann");
    let _bob = Client::v1(&chat, "Bob");
    ann.heard();
    ann.send(r#"{"type":"private","to":"Bob","content":"psst","nonce":1}"#);
    ann.heard();
    let told = ann.told();
    let epoch = chat.post(|post| {
        let stored = post.store(&name("x"), &name("y"), "", None, NOW, |_| Ok::<_, ()>(()));
        stored.unwrap().id.epoch
    });
    assert_eq!(
        told,
        [
            format!(
                r#"{{"type":"ack","username":"System","content":"","timestamp":1700000000123,"nonce":1,"id":"{epoch}-1"}}"#
            ),
            format!(
                r#"{{"type":"private","username":"Ann","content":"psst","timestamp":1700000000123,"from":"Ann","to":"Bob","id":"{epoch}-1"}}"#
            ),
        ]
    );
    ann.send(r#"{"type":"private","to":"Bob","content":"psst","nonce":1}"#);
    assert!(ann.told()[0].ends_with(&format!(r#""id":"{epoch}-1","duplicate":true}}"#)));
    assert_eq!(privates(&mut ann), [""; 0]);
}

fn name(text: &str) -> crate::chat::UserName {
    crate::chat::UserName::parse(text).unwrap()
}

#[test]
fn what_is_said_to_oneself_comes_once() {
    let mut ann = Client::v1(&chat(), "Ann");
    whisper(&mut ann, "Ann", "note");
    assert_eq!(privates(&mut ann), ["Ann to Ann: note"]);
}

#[test]
fn it_waits_for_whoever_is_away_and_comes_once() {
    let chat = chat();
    let mut ann = Client::v1(&chat, "Ann");
    let mut bob = Client::v1(&chat, "Bob");
    bob.session.close(NOW);
    whisper(&mut ann, "Bob", "one");
    whisper(&mut ann, "Bob", "two");
    let mut bob = come_back(&chat, "Bob", "");
    assert!(bob.outbox[0].contains(r#""type":"joined""#), "the answer comes first");
    assert_eq!(privates(&mut bob), ["Ann to Bob: one", "Ann to Bob: two"]);
    bob.session.close(NOW);
    assert_eq!(privates(&mut come_back(&chat, "Bob", "")), [""; 0]);
}

#[test]
fn what_went_to_a_dead_connection_comes_again_to_whoever_says_what_they_saw() {
    let chat = chat();
    let mut ann = Client::v1(&chat, "Ann");
    let mut bob = Client::v1(&chat, "Bob");
    whisper(&mut ann, "Bob", "seen");
    bob.heard();
    let seen = bob.told();
    let seen: Value = serde_json::from_str(seen.last().unwrap()).unwrap();
    let token = bob.session.person.as_ref().unwrap().token().unwrap();
    whisper(&mut ann, "Bob", "lost on the way");
    let id = seen["id"].as_str().unwrap();
    let more = format!(r#","session":"{token}","private_after":"{id}""#);
    let mut again = come_back(&chat, "Bob", &more);
    assert_eq!(privates(&mut again), ["Ann to Bob: lost on the way"]);
}

#[test]
fn nobody_of_that_name_and_not_having_joined_are_refused() {
    let chat = chat();
    let mut ann = Client::v1(&chat, "Ann");
    whisper(&mut ann, "Nobody", "x");
    assert_eq!(ann.error(), "no_such_user");
    let mut anonymous = Client::open(&chat, Encoding::V1);
    whisper(&mut anonymous, "Ann", "x");
    assert_eq!(anonymous.error(), "not_joined");
    whisper(&mut ann, "Ann", &"x".repeat(5000));
    assert_eq!(ann.error(), "too_long");
}

#[test]
fn a_plain_client_sees_in_the_name_that_it_is_private() {
    let chat = chat();
    let mut ann = Client::v1(&chat, "Ann");
    let mut bob = Client::plain(&chat, "Bob");
    whisper(&mut ann, "Bob", "psst");
    bob.heard();
    assert_eq!(
        bob.told(),
        [
            r#"{"type":"message","username":"Ann (private)","content":"psst","timestamp":1700000000123}"#
        ]
    );
    // Whoever sends such an object knows it.
    whisper(&mut bob, "Ann", "hush");
    bob.heard();
    let told = bob.told();
    assert!(told[0].starts_with(r#"{"type":"private","username":"Bob","content":"hush","#));
}

#[test]
fn whoever_takes_nothing_that_is_meant_for_them_must_go() {
    let chat = chat();
    let mut ann = Client::v1(&chat, "Ann");
    let bob = Client::v1(&chat, "Bob");
    for _ in 0..250 {
        whisper(&mut ann, "Bob", &"x".repeat(4000));
        ann.heard();
    }
    assert_eq!(bob.mailbox.close_order().map(|order| order.code().get()), Some(4001));
    assert_eq!(ann.mailbox.close_order(), None);
}

#[test]
fn whoever_takes_the_name_for_which_it_waits_gets_it_too() {
    let chat = chat();
    let mut ann = Client::v1(&chat, "Ann");
    drop(Client::v1(&chat, "Bob"));
    whisper(&mut ann, "Bob", "1");
    let mut other = Client::v1(&chat, "Robert");
    other.send(r#"{"type":"join","username":"Bob"}"#);
    whisper(&mut ann, "Bob", "2");
    assert_eq!(privates(&mut other), ["Ann to Bob: 1", "Ann to Bob: 2"]);
}

#[test]
fn it_is_not_lost_between_two_threads() {
    const COUNT: usize = 5_000;
    let chat = chat();
    drop(Client::v1(&chat, "Bob"));
    let mut ann = Client::v1(&chat, "Ann");
    let seen = Arc::new(AtomicUsize::new(0));
    let writer = std::thread::spawn({
        let seen = Arc::clone(&seen);
        move || {
            for n in 0..COUNT {
                while n > seen.load(Ordering::Relaxed) + 50 {
                    std::thread::yield_now(); // no more are kept than a hundred
                }
                whisper(&mut ann, "Bob", &n.to_string());
                ann.heard();
                ann.told();
            }
        }
    });
    let (mut got, mut last) = (Vec::<usize>::new(), "none".to_owned());
    while got.len() < COUNT {
        let is_over = writer.is_finished();
        let mut bob = come_back(&chat, "Bob", &format!(r#","private_after":"{last}""#));
        bob.heard();
        for json in bob.told().iter().filter(|json| json.contains(r#""type":"private""#)) {
            let object: Value = serde_json::from_str(json).unwrap();
            object["id"].as_str().unwrap().clone_into(&mut last);
            got.push(object["content"].as_str().unwrap().parse().unwrap());
        }
        assert!(got.iter().copied().eq(0..got.len()), "{got:?}");
        assert!(!is_over || got.len() == COUNT);
        seen.store(got.len(), Ordering::Relaxed);
        bob.session.close(NOW);
    }
    writer.join().unwrap();
}
