//! Whatever a client sends, it gets an answer, keeps its connection, and
//! disturbs nobody.

use super::*;

#[test]
fn each_fault_has_its_code_and_changes_nothing() {
    let chat = chat();
    let mut watcher = Client::v1(&chat, "Watcher");
    let mut alice = Client::v1(&chat, "Alice");
    watcher.lines();
    let long_name = format!(r#"{{"type":"join","username":"{}"}}"#, "x".repeat(33));
    let long = format!(r#"{{"type":"message","content":"{}"}}"#, "é".repeat(2049));
    let huge = format!(r#"{{"type":"message","content":"{}"}}"#, "x".repeat(60_000));
    for (object, code) in [
        ("", "bad_json"),
        ("nonsense", "bad_json"),
        (r#"{"type":"#, "bad_json"),
        ("[]", "bad_message"),
        ("{}", "bad_message"),
        (r#"{"type":7}"#, "bad_message"),
        (r#"{"type":"join"}"#, "bad_message"),
        (r#"{"type":"message"}"#, "bad_message"),
        (r#"{"type":"message","content":""}"#, "bad_message"),
        (r#"{"type":"message","content":"x","nonce":[]}"#, "bad_message"),
        (&long, "too_long"),
        (&huge, "too_long"),
        (r#"{"type":"dance"}"#, "unknown_type"),
        (r#"{"type":"private","to":"Nobody","content":"x"}"#, "no_such_user"),
        (r#"{"type":"private","content":"x"}"#, "bad_message"),
        (r#"{"type":"typing"}"#, "bad_message"),
        (r#"{"type":"typing","isTyping":true,"room":"dev"}"#, "not_joined"),
        (r#"{"type":"typing","isTyping":true,"to":"Nobody"}"#, "no_such_user"),
        (r#"{"type":"history","room":"dev"}"#, "not_joined"),
        (r#"{"type":"history","before":1,"after":1}"#, "bad_message"),
        (r#"{"type":"join","username":"Alice","room":"dev","resume":{}}"#, "bad_message"),
        (r#"{"type":"join","username":"a\u0007b"}"#, "name_invalid"),
        (&long_name, "name_invalid"),
        (r#"{"type":"join","username":"System"}"#, "name_reserved"),
        (r#"{"type":"join","username":"Watcher"}"#, "name_taken"),
        (r#"{"type":"join","username":"Alice","room":"a b"}"#, "room_invalid"),
        (r#"{"type":"message","content":"x","room":"dev"}"#, "not_joined"),
        (r#"{"type":"leave","room":"dev"}"#, "not_joined"),
    ] {
        alice.send(object);
        assert_eq!(alice.error(), code, "{object:.60}");
    }
    assert_eq!(watcher.lines(), [""; 0]);
    alice.say("I am still here");
    assert_eq!(watcher.lines(), ["Alice: I am still here"]);
}

#[test]
fn bytes_that_are_not_utf8_are_not_json_either() {
    let mut alice = Client::v1(&chat(), "Alice");
    alice.session.receive(b"\xff\xfe", NOW, &mut alice.outbox);
    assert_eq!(alice.error(), "bad_json");
}

#[test]
fn content_may_be_exactly_as_long_as_the_limit_in_bytes() {
    let mut alice = Client::v1(&chat(), "Alice");
    alice.say(&"é".repeat(2048));
    assert_eq!(alice.told(), [""; 0]);
    assert_eq!(alice.heard().len(), 1);
}

#[test]
fn one_room_too_many_is_refused_before_anything_changes() {
    let chat = chat_with(Limits { rate: None, max_rooms: 2, ..Limits::default() });
    let mut alice = Client::v1(&chat, "Alice");
    alice.send(r#"{"type":"join","username":"Alice","room":"b"}"#);
    alice.lines();
    alice.told();
    alice.send(r#"{"type":"join","username":"Alicia","room":"c"}"#);
    assert_eq!(alice.error(), "too_many_rooms");
    assert_eq!(alice.lines(), [""; 0]); // no rename either
    alice.send(r#"{"type":"leave","room":"b"}"#);
    alice.send(r#"{"type":"join","username":"Alice","room":"c"}"#);
    assert_eq!(alice.lines(), ["System: Alice has joined the chat"]);
}

#[test]
fn too_much_at_once_is_refused_with_the_time_to_wait_and_the_nonce() {
    let chat = chat_with(Limits { rate: Some(Rate::per_second(10, 3)), ..Limits::default() });
    let mut alice = Client::v1(&chat, "Alice"); // the first of three
    alice.say("two");
    alice.send("three, which is not even JSON");
    assert_eq!(alice.error(), "bad_json");
    alice.send(r#"{"type":"message","content":"four","nonce":"n"}"#);
    assert_eq!(
        alice.told(),
        [
            r#"{"type":"error","username":"System","content":"Too fast: wait 100 ms.","timestamp":1700000000123,"code":"rate_limited","nonce":"n","retry_after_ms":100}"#
        ]
    );
    assert_eq!(alice.lines(), ["Alice: two"]);
    alice.send_at(r#"{"type":"message","content":"four"}"#, later(100));
    assert_eq!(alice.lines(), ["Alice: four"]);
}

#[test]
fn long_lists_are_cut_and_say_how_long_they_are() {
    let chat = chat_with(Limits { rate: None, max_listed: 2, ..Limits::default() });
    let _crowd = ["Ada", "Ben", "Cem"].map(|name| Client::v1(&chat, name));
    let mut dan = Client::open(&chat, Encoding::V1);
    dan.send(r#"{"type":"join","username":"Dan"}"#);
    assert!(dan.told()[0].contains(r#""users":["Ada","Ben"],"count":4"#));
    dan.send(r#"{"type":"who","room":"nowhere"}"#);
    assert!(dan.told()[0].ends_with(r#""room":"nowhere","users":[],"count":0}"#));
}

#[test]
fn an_engine_that_is_away_stores_nothing_and_says_so() {
    struct Away;
    impl Engine for Away {
        fn append(&self, _: &Room, _: &NewMessage<'_>) -> Result<Stored, Unavailable> {
            Err(Unavailable)
        }
    }
    let chat = Chat::new(Limits::default(), Away, [7; 32]);
    let mut alice = Client::v1(&chat, "Alice");
    alice.send(r#"{"type":"message","content":"x","nonce":"n"}"#);
    assert_eq!(alice.error(), "unavailable");
    assert_eq!(alice.lines(), [""; 0]);
}
