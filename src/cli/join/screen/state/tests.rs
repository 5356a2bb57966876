//! Events and keys in, what is shown and what is to be done out.

mod tabs;

use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use wirechat::chat::Encoding;
use wirechat::client::{Event, Lost, Received, State as ClientState};

use super::*;

/// A person in front of a screen of 80 by 24, who is in the lobby as Ann.
pub(in super::super) struct Person {
    pub(in super::super) state: State,
    pub(in super::super) now: Now,
}

pub(in super::super) fn ann() -> Person {
    let now = Now { at: Instant::now(), wall: Timestamp::from_millis(1_700_000_000_000) };
    let state = State::new("Ann", "ws://127.0.0.1:8080/ws", Size::new(80, 24), Clock::utc(), now);
    let mut ann = Person { state, now };
    ann.hears(r#"{"type":"joined","room":"lobby","user":"Ann","epoch":"e","seq":2,"users":["Ann","Bob"],"count":2}"#);
    ann.feels(ClientState::Connected(Encoding::V1));
    ann
}

impl Person {
    pub(in super::super) fn hears(&mut self, json: &str) {
        let received = Received::parse(json.to_owned()).expect("an object");
        self.state.hear(&Event::Received(received), self.now);
    }

    pub(in super::super) fn feels(&mut self, state: ClientState) {
        self.state.hear(&Event::State(state), self.now);
    }

    /// Somebody says something in a room.
    pub(in super::super) fn hears_from(&mut self, name: &str, room: &str, seq: u64, text: &str) {
        let at = 1_700_000_000_000 + seq;
        let text = serde_json::Value::from(text);
        self.hears(&format!(
            r#"{{"type":"message","username":"{name}","content":{text},"timestamp":{at},"room":"{room}","seq":{seq},"id":"e-{seq}"}}"#
        ));
    }

    pub(in super::super) fn is_in(&mut self, room: &str) {
        self.hears(&format!(
            r#"{{"type":"joined","room":"{room}","user":"Ann","epoch":"f","seq":0,"users":["Ann"],"count":1}}"#
        ));
    }

    pub(in super::super) fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.state.input(&Input::Key(KeyEvent::new(code, modifiers)), self.now);
    }

    pub(in super::super) fn key(&mut self, code: KeyCode) {
        self.press(code, KeyModifiers::NONE);
    }

    pub(in super::super) fn control(&mut self, c: char) {
        self.press(KeyCode::Char(c), KeyModifiers::CONTROL);
    }

    pub(in super::super) fn types(&mut self, text: &str) {
        text.chars().for_each(|c| self.key(KeyCode::Char(c)));
    }

    /// Types a line and sends it; what is to be done.
    pub(in super::super) fn enters(&mut self, line: &str) -> Vec<Deed> {
        self.types(line);
        self.state.take_deeds();
        self.key(KeyCode::Enter);
        self.state.take_deeds()
    }

    pub(in super::super) fn written(&self) -> &str {
        self.state.tab().editor.text()
    }

    pub(in super::super) fn labels(&self) -> Vec<String> {
        self.state.tabs().iter().map(Tab::label).collect()
    }

    pub(in super::super) fn hint(&self) -> &str {
        self.state.hint.as_ref().map_or("", |hint| &hint.words)
    }
}

pub(super) fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a name")
}

fn errand(deeds: &[Deed]) -> Errand {
    match deeds {
        [Deed::Ask(_, errand)] => errand.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_entered_is_said_where_one_is_and_is_delivered_later() {
    let mut ann = ann();
    let deeds = ann.enters("hello");
    let [Deed::Ask(Request::Say(place, text), errand)] = &deeds[..] else { panic!("{deeds:?}") };
    assert_eq!((place, text.as_str()), (&Place::Room("lobby".to_owned()), "hello"));
    let own = |ann: &Person| match &ann.state.tab().timeline.entries().last().expect("one").kind {
        Kind::Own { mark, .. } => mark.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(own(&ann), Mark::Pending);
    // No ticket can be made up, but nobody looks at it here.
    ann.state.undone(errand, "no");
    assert_eq!(own(&ann), Mark::Failed("no".to_owned()));
    assert!(matches!(&ann.enters("/retry")[..], [Deed::Ask(Request::Say(..), _)]));
    assert_eq!(own(&ann), Mark::Pending);
    assert_eq!(ann.enters("/retry"), []);
    assert_eq!(ann.hint(), "everything has been delivered here");
}

#[test]
fn a_line_that_cannot_be_understood_stays_to_be_mended() {
    let mut ann = ann();
    for line in ["/dance", "/msg", "/join a b", "/history 0"] {
        assert_eq!(ann.enters(line), [], "{line}");
        assert_eq!(ann.written(), line);
        assert!(!ann.hint().is_empty());
        ann.control('u');
    }
    let long = "x".repeat(4097);
    ann.state.input(&Input::Paste(long.clone()), ann.now);
    assert_eq!(ann.enters(""), []);
    assert_eq!(ann.written(), long);
}

#[test]
fn others_are_told_that_we_type_unless_it_is_a_command() {
    let mut ann = ann();
    ann.types("/who");
    assert_eq!(ann.state.take_deeds(), []);
    ann.control('u');
    ann.types("he");
    let lobby = || Place::Room("lobby".to_owned());
    assert_eq!(ann.state.take_deeds(), [Deed::Typing(lobby(), true)]);
    ann.now.at += Duration::from_secs(3);
    ann.types("y");
    assert_eq!(ann.state.take_deeds(), [Deed::Typing(lobby(), true)]);
    ann.control('u');
    assert_eq!(ann.state.take_deeds(), [Deed::Typing(lobby(), false)]);
    ann.types("x");
    ann.state.take_deeds();
    ann.now.at += Duration::from_secs(10);
    ann.state.tick(ann.now);
    assert_eq!(ann.state.take_deeds(), [Deed::Typing(lobby(), false)]);
    assert!(!ann.state.needs_ticks());
}

#[test]
fn those_who_type_are_shown_until_they_speak_or_fall_silent() {
    let mut ann = ann();
    for name in ["Ann", "Bob"] {
        ann.hears(&format!(
            r#"{{"type":"typing","username":"{name}","isTyping":true,"room":"lobby"}}"#
        ));
    }
    assert_eq!(ann.state.tab().typists.in_words().as_deref(), Some("Bob is typing…"));
    assert!(ann.state.needs_ticks());
    ann.hears_from("Bob", "lobby", 3, "there");
    assert!(!ann.state.needs_ticks());
}

#[test]
fn names_and_commands_are_completed() {
    let mut ann = ann();
    ann.hears(r#"{"type":"presence","room":"lobby","users":["Ann","Bob","Boris"],"count":3}"#);
    for (written, becomes) in [
        ("bo", ["Bob: ", "Boris: ", "Bob: "]),
        ("hi b", ["hi Bob ", "hi Boris ", "hi Bob "]),
        ("/msg bor", ["/msg Boris ", "/msg Boris ", "/msg Boris "]),
        ("/h", ["/help ", "/history ", "/help "]),
        ("/join l", ["/join #lobby ", "/join #lobby ", "/join #lobby "]),
        ("#", ["#lobby ", "#lobby ", "#lobby "]),
        ("zz", ["zz", "zz", "zz"]),
    ] {
        ann.types(written);
        for expected in becomes {
            ann.key(KeyCode::Tab);
            assert_eq!(ann.written(), expected);
        }
        ann.control('u');
    }
}

#[test]
fn what_is_pasted_between_two_completions_is_not_taken_for_one() {
    let mut ann = ann();
    ann.types("b");
    ann.key(KeyCode::Tab);
    ann.state.input(&Input::Paste("日本語".to_owned()), ann.now);
    ann.key(KeyCode::Tab);
    assert_eq!(ann.written(), "Bob: 日本語");
}

#[test]
fn looking_back_stays_where_it_is_and_asks_for_more_at_the_top() {
    let mut ann = ann();
    for seq in 3..60 {
        ann.hears_from("Bob", "lobby", seq, &format!("m{seq}"));
    }
    ann.key(KeyCode::PageUp);
    let anchor = ann.state.tab().anchor.expect("we look back");
    assert_eq!(ann.state.take_deeds(), []);
    ann.hears_from("Bob", "lobby", 60, "new");
    assert_eq!((ann.state.tab().anchor, ann.state.tab().unread), (Some(anchor), 1));
    ann.press(KeyCode::Home, KeyModifiers::CONTROL);
    let deeds = ann.state.take_deeds();
    assert_eq!(
        deeds,
        [Deed::Ask(Request::History(Some(room("lobby")), Page::Before(3), 100), Errand::Older(0))]
    );
    ann.key(KeyCode::PageUp);
    assert_eq!(ann.state.take_deeds(), [], "one question at a time");
    ann.hears(r#"{"type":"history","room":"lobby","epoch":"e","messages":[{"type":"message","username":"Bob","content":"m1","timestamp":1700000000001,"room":"lobby","seq":1,"id":"e-1"}],"more":false}"#);
    assert_eq!(ann.state.tab().timeline.first_number(), Some(1));
    ann.key(KeyCode::Esc);
    assert_eq!((ann.state.tab().anchor, ann.state.tab().unread), (None, 0));
    assert_eq!(errand(&deeds), Errand::Older(0));
}

#[test]
fn scrolling_down_by_what_one_scrolled_up_ends_where_one_was() {
    let mut ann = ann();
    for seq in 3..60 {
        ann.hears_from("Bob", "lobby", seq, &"word ".repeat(seq as usize));
    }
    let mut seen = vec![ann.state.tab().anchor];
    for _ in 0..20 {
        ann.press(KeyCode::Up, KeyModifiers::CONTROL);
        seen.push(ann.state.tab().anchor);
    }
    while let Some(anchor) = seen.pop() {
        assert_eq!(ann.state.tab().anchor, anchor);
        ann.press(KeyCode::Down, KeyModifiers::CONTROL);
    }
}

#[test]
fn the_end_of_the_connection_is_told_and_leaving_asks_back_if_something_would_be_lost() {
    let mut ann = ann();
    ann.feels(ClientState::Reconnecting { after: Duration::from_secs(3), lost: Lost::Dead });
    assert!(matches!(&ann.state.link, Link::Waiting { why, .. } if why.contains("answer")));
    ann.enters("unsent");
    ann.control('c');
    assert_eq!(ann.state.take_deeds(), []);
    assert!(ann.hint().contains("not everything has arrived"));
    ann.control('c');
    assert_eq!(ann.state.take_deeds(), [Deed::Close]);
    ann.feels(ClientState::Closed(wirechat::client::End::Done));
    assert!(ann.state.is_over);
}

#[test]
fn what_is_on_its_way_arrives_before_one_leaves() {
    let mut ann = ann();
    ann.enters("last words");
    ann.control('c');
    assert_eq!(ann.state.take_deeds(), [Deed::Finish]);
    ann.control('c');
    assert_eq!(ann.state.take_deeds(), [Deed::Close]);
    ann.state.undone(&Errand::Message(0, 1), "the client ended");
    assert_eq!(ann.state.last_words(), ["not delivered to #lobby, the client ended: last words"]);
}

#[test]
fn what_a_plain_server_has_not_sent_back_when_it_goes_may_have_arrived_or_not() {
    let mut ann = ann();
    ann.feels(ClientState::Connected(Encoding::PlainMillis));
    ann.enters("hello");
    ann.feels(ClientState::Reconnecting { after: Duration::ZERO, lost: Lost::Dead });
    ann.enters("later");
    let marks = ann.state.tab().timeline.entries().filter_map(|entry| match &entry.kind {
        Kind::Own { text, mark, .. } => Some((text.as_str(), *mark == Mark::Pending)),
        _ => None,
    });
    assert_eq!(marks.collect::<Vec<_>>(), [("hello", false), ("later", true)]);
}

#[test]
fn an_end_that_nobody_asked_for_stays_to_be_read() {
    let mut ann = ann();
    ann.feels(ClientState::Closed(wirechat::client::End::Unanswered));
    assert!(!ann.state.is_over);
    ann.key(KeyCode::Enter);
    assert!(ann.state.is_over);
}

#[test]
fn another_log_is_not_mixed_with_the_one_before() {
    let mut ann = ann();
    ann.hears_from("Bob", "lobby", 9, "before");
    ann.hears(r#"{"type":"joined","room":"lobby","user":"Ann","epoch":"f","seq":1,"users":["Ann"],"count":1,"recovered":false,"reason":"epoch_changed"}"#);
    ann.hears(r#"{"type":"message","username":"Bob","content":"after","timestamp":1,"room":"lobby","seq":1,"id":"f-1"}"#);
    assert_eq!(ann.state.tab().timeline.len(), 2);
}
