//! Typing indicators: who hears of them, when they end.

use super::*;

fn type_(client: &mut Client, more: &str) {
    client.send(&format!(r#"{{"type":"typing",{more}}}"#));
}

/// The typing that it hears of: who, where, and whether.
fn typing(client: &mut Client) -> Vec<String> {
    let mut objects = client.heard();
    objects.extend(client.told());
    let line = |json: &String| {
        let object: Value = serde_json::from_str(json).unwrap();
        if object["type"] != "typing" {
            return None;
        }
        let place = object["room"].as_str().unwrap_or("here");
        Some(format!("{} {place} {}", object["username"].as_str().unwrap(), object["isTyping"]))
    };
    objects.iter().filter_map(line).collect()
}

fn two() -> (Arc<Chat>, Client, Client) {
    let chat = chat_with(Limits { rate: None, typing: None, ..Limits::default() });
    let (ann, bob) = (Client::v1(&chat, "Ann"), Client::v1(&chat, "Bob"));
    (chat, ann, bob)
}

#[test]
fn all_three_spellings_come_out_as_one() {
    let (_chat, mut ann, mut bob) = two();
    bob.heard();
    for (object, expected) in [
        (r#"{"type":"typing","isTyping":true}"#, "true"),
        (r#"{"type":"typing","isTyping":false}"#, "false"),
        (r#"{"type":"typing.start"}"#, "true"),
        (r#"{"type":"typing.stop","room":"lobby"}"#, "false"),
    ] {
        ann.send(object);
        assert_eq!(
            bob.heard(),
            [format!(
                r#"{{"type":"typing","username":"Ann","content":"","timestamp":1700000000123,"isTyping":{expected},"room":"lobby"}}"#
            )]
        );
    }
}

#[test]
fn it_ends_after_six_seconds_of_silence() {
    let (chat, mut ann, mut bob) = two();
    type_(&mut ann, r#""isTyping":true"#);
    assert_eq!(typing(&mut bob), ["Ann lobby true"]);
    bob.sleep();
    chat.tick(later(5_999));
    assert_eq!(bob.times_rung(), 0);
    chat.tick(later(6_000));
    assert_eq!(bob.times_rung(), 1);
    assert_eq!(typing(&mut bob), ["Ann lobby false"]);
    chat.tick(later(60_000));
    assert_eq!(typing(&mut bob), [""; 0]);
}

#[test]
fn it_ends_with_a_message_with_leaving_and_with_the_connection() {
    type Ending = fn(&mut Client);
    let endings: [(&str, Ending); 4] = [
        ("a message", |ann| ann.say("done")),
        ("leave", |ann| ann.send(r#"{"type":"leave"}"#)),
        ("close", |ann| ann.session.close(NOW)),
        ("lose", |ann| ann.session.lose(NOW)),
    ];
    for (ending, end) in endings {
        let (_chat, mut ann, mut bob) = two();
        type_(&mut ann, r#""isTyping":true"#);
        typing(&mut bob);
        end(&mut ann);
        assert_eq!(typing(&mut bob), ["Ann lobby false"], "{ending}");
    }
}

#[test]
fn one_that_is_meant_for_one_person_reaches_nobody_else() {
    let (chat, mut ann, mut bob) = two();
    let mut eve = Client::v1(&chat, "Eve");
    type_(&mut ann, r#""isTyping":true,"to":"bob""#);
    assert_eq!(typing(&mut bob), ["Ann here true"]);
    chat.tick(later(6_000));
    assert_eq!(typing(&mut bob), ["Ann here false"]);
    type_(&mut ann, r#""isTyping":true,"to":"Bob""#);
    ann.send(r#"{"type":"private","to":"Bob","content":"x"}"#);
    type_(&mut ann, r#""isTyping":true,"to":"Bob""#);
    ann.session.close(NOW);
    assert_eq!(typing(&mut bob), ["Ann here true", "Ann here false"].repeat(2));
    assert_eq!(typing(&mut eve), [""; 0]);
}

#[test]
fn nothing_of_it_is_kept() {
    let (chat, mut ann, _bob) = two();
    type_(&mut ann, r#""isTyping":true"#);
    let mut late = Client::open(&chat, Encoding::V1);
    late.send(r#"{"type":"join","username":"Late","since":0}"#);
    assert_eq!(typing(&mut late), [""; 0]);
    assert_eq!(ann.session.memberships[0].room.head().seq, 0);
}

#[test]
fn too_much_of_it_is_refused_and_does_not_use_up_the_right_to_speak() {
    let chat = chat_with(Limits { rate: Some(Rate::per_second(1, 1)), ..Limits::default() });
    let mut ann = Client::v1(&chat, "Ann");
    for _ in 0..4 {
        type_(&mut ann, r#""isTyping":true"#);
        assert_eq!(ann.told(), [""; 0]);
    }
    type_(&mut ann, r#""isTyping":true"#);
    assert_eq!(ann.error(), "rate_limited");
    ann.send_at(r#"{"type":"message","content":"x"}"#, later(1_000));
    assert_eq!(ann.told(), [""; 0]);
}

#[test]
fn a_plain_client_hears_of_it_once_it_has_shown_that_it_knows_it() {
    let (chat, mut ann, _bob) = two();
    let mut millis = Client::plain(&chat, "Millis");
    let mut seconds = Client::joined(&chat, Encoding::PlainSeconds, "Seconds");
    for client in [&mut millis, &mut seconds] {
        client.lines();
    }
    ann.say("one");
    type_(&mut ann, r#""isTyping":true"#);
    ann.say("two");
    for client in [&mut millis, &mut seconds] {
        // It reads what was written before it showed that, too.
        client.send(r#"{"type":"typing.start"}"#);
        let objects: Vec<Value> =
            client.heard().iter().map(|json| serde_json::from_str(json).unwrap()).collect();
        let is_of_ann = |o: &&Value| o["username"] == "Ann" && o["type"] == "message";
        assert_eq!(objects.iter().filter(is_of_ann).count(), 2, "{objects:?}");
        ann.send(r#"{"type":"typing.start"}"#);
        assert_eq!(typing(client), ["Ann lobby true"]);
        ann.send(r#"{"type":"typing.stop"}"#);
        assert_eq!(typing(client), ["Ann lobby false"]);
    }
    ann.send(r#"{"type":"typing.start"}"#);
    assert!(seconds.heard()[0].contains(r#""timestamp":1700000000.123,"isTyping":true"#));
    ann.say("three");
    let heard = seconds.heard();
    assert!(heard[1].contains(r#""timestamp":1700000000.123,"room":"lobby","seq":3"#), "{heard:?}");
}

#[test]
fn it_ends_with_the_name_under_which_it_began() {
    let (_chat, mut ann, mut bob) = two();
    type_(&mut ann, r#""isTyping":true"#);
    type_(&mut ann, r#""isTyping":true,"to":"Bob""#);
    ann.send(r#"{"type":"join","username":"Anna"}"#);
    assert_eq!(
        typing(&mut bob),
        ["Ann lobby true", "Ann lobby false", "Ann here true", "Ann here false"]
    );
}

#[test]
fn a_message_that_is_a_repetition_ends_it_too_and_the_others_are_woken() {
    let (_chat, mut ann, mut bob) = two();
    let once = r#"{"type":"message","content":"hi","nonce":1}"#;
    ann.send(once);
    type_(&mut ann, r#""isTyping":true"#);
    assert_eq!(typing(&mut bob), ["Ann lobby true"]);
    bob.sleep();
    ann.send(once);
    assert_eq!(bob.times_rung(), 1);
    assert_eq!(typing(&mut bob), ["Ann lobby false"]);
}
