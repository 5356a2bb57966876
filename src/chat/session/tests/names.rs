//! Who one is: join, rename, names in use.

use super::*;

#[test]
fn before_join_one_reads_and_speaks_as_anonymous_in_the_lobby_whatever_one_claims() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    let mut nobody = Client::open(&chat, Encoding::PlainMillis);
    assert_eq!(alice.lines(), [""; 0]); // Anonymous comes without a word
    nobody.send(r#"{"type":"message","username":"Alice","content":"hi","timestamp":1}"#);
    alice.say("who is that?");
    let both = ["Anonymous: hi", "Alice: who is that?"];
    assert_eq!(alice.lines(), both);
    assert_eq!(nobody.lines(), both);
    drop(nobody);
    assert_eq!(alice.lines(), [""; 0]); // and goes like that
}

#[test]
fn the_first_join_takes_the_place_of_anonymous() {
    let chat = chat();
    let mut watcher = Client::v1(&chat, "Watcher");
    let mut alice = Client::open(&chat, Encoding::V1);
    alice.send(r#"{"type":"join","username":"Alice","room":"dev"}"#);
    assert_eq!(alice.lines(), ["System: Alice has joined the chat"]);
    watcher.say("hello?");
    assert_eq!(watcher.lines(), ["Watcher: hello?"]);
    assert_eq!(alice.lines(), [""; 0]); // it is not in the lobby any more
    alice.say("x");
    assert_eq!(alice.lines(), ["Alice: x"]);
    alice.send(r#"{"type":"message","room":"lobby","content":"x"}"#);
    assert_eq!(alice.error_after_ack(), "not_joined");
}

impl Client {
    fn error_after_ack(&mut self) -> String {
        let told = self.told();
        self.outbox = told.into_iter().filter(|object| object.contains("\"error\"")).collect();
        self.error()
    }
}

#[test]
fn joining_again_with_another_name_is_a_rename_announced_once_in_each_room() {
    let chat = chat();
    let mut watcher = Client::plain(&chat, "Watcher");
    let mut alice = Client::plain(&chat, "Alice");
    alice.send(r#"{"type":"join","username":"Alice","room":"dev"}"#);
    assert_eq!(watcher.lines(), ["System: Alice has joined the chat"]);
    alice.lines();
    alice.send(r#"{"type":"join","username":"Bob"}"#);
    assert_eq!(watcher.lines(), ["System: Alice is now known as Bob"]);
    assert_eq!(alice.lines(), ["System: Alice is now known as Bob"; 2]); // it is in two rooms
    alice.say("hi");
    assert_eq!(watcher.lines(), ["Bob: hi"]);
    assert_eq!(alice.lines(), ["Bob: hi"]);
    // The old name is free, and the new one is not.
    assert!(Client::v1(&chat, "Alice").session.person.is_some());
    assert!(Client::v1(&chat, "Bob").session.person.is_none());
}

#[test]
fn joining_again_under_the_same_name_is_answered_and_not_announced() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    alice.send(r#"{"type":"join","username":"Alice"}"#);
    assert_eq!(alice.told().len(), 1);
    assert_eq!(alice.lines(), [""; 0]);
    alice.send(r#"{"type":"join","username":"ALICE"}"#);
    assert_eq!(alice.lines(), ["System: Alice is now known as ALICE"]);
}

#[test]
fn a_name_in_use_is_refused_with_a_suggestion_and_nothing_else_happens() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    let mut bob = Client::v1(&chat, "Bob");
    alice.lines();
    for name in ["Alice", "alice", "AIice"] {
        bob.send(&format!(r#"{{"type":"join","username":"{name}","room":"dev"}}"#));
        assert_eq!(bob.error(), "name_taken");
    }
    assert_eq!(bob.session.memberships.len(), 1);
    bob.say("still Bob");
    assert_eq!(alice.lines(), ["Bob: still Bob"]);
}

#[test]
fn a_plain_client_gets_a_numbered_name_and_is_told_alone() {
    let chat = chat();
    let mut alice = Client::plain(&chat, "Alice");
    let mut second = Client::open(&chat, Encoding::PlainMillis);
    second.send(r#"{"type":"join","username":"Alice"}"#);
    assert_eq!(second.told().len(), 1);
    assert_eq!(second.lines(), ["System: Alice-2 has joined the chat"]);
    assert_eq!(alice.told(), [""; 0]);
    assert_eq!(alice.lines(), ["System: Alice-2 has joined the chat"]);
    // Asking for the same name again changes nothing.
    second.send(r#"{"type":"join","username":"Alice"}"#);
    assert_eq!(alice.lines(), [""; 0]);
}

#[test]
fn a_name_is_free_when_its_owner_has_left_the_last_room() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    alice.send(r#"{"type":"join","username":"Alice","room":"dev"}"#);
    alice.told();
    alice.send(r#"{"type":"leave"}"#);
    assert!(Client::v1(&chat, "Alice").session.person.is_none());
    alice.send(r#"{"type":"leave"}"#);
    assert!(Client::v1(&chat, "Alice").session.person.is_some());
    alice.say("x");
    assert_eq!(alice.error(), "not_joined");
}

#[test]
fn where_one_must_join_nothing_is_heard_said_or_seen_before() {
    let chat = chat_with(Limits { require_join: true, ..Limits::default() });
    let mut alice = Client::v1(&chat, "Alice");
    let mut nobody = Client::open(&chat, Encoding::V1);
    alice.say("secret");
    assert_eq!(nobody.lines(), [""; 0]);
    for object in [
        r#"{"type":"message","content":"x"}"#,
        r#"{"type":"leave"}"#,
        r#"{"type":"who"}"#,
        r#"{"type":"rooms"}"#,
    ] {
        nobody.send(object);
        assert_eq!(nobody.error(), "not_joined", "{object}");
    }
    nobody.send(r#"{"type":"join","username":"Bob"}"#);
    assert_eq!(nobody.lines(), ["System: Bob has joined the chat"]);
}

#[test]
fn whoever_takes_the_name_of_one_who_was_lost_is_not_said_to_have_left() {
    let chat = chat();
    let mut watcher = Client::plain(&chat, "Watcher");
    let alice = Client::v1(&chat, "Alice");
    let mut bob = Client::v1(&chat, "Bob");
    drop(alice);
    watcher.lines();
    bob.send(r#"{"type":"join","username":"Alice"}"#);
    for millis in (0..30_000).step_by(500) {
        chat.tick(later(millis));
    }
    assert_eq!(watcher.lines(), ["System: Bob is now known as Alice"]);
    bob.session.close(NOW);
    assert_eq!(watcher.lines(), ["System: Alice has left the chat"]);
}
