//! Events and keys in, what is shown and what is to be done out.

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

    fn control(&mut self, c: char) {
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

    fn written(&self) -> &str {
        self.state.tab().editor.text()
    }

    fn labels(&self) -> Vec<String> {
        self.state.tabs().iter().map(Tab::label).collect()
    }

    fn hint(&self) -> &str {
        self.state.hint.as_ref().map_or("", |hint| &hint.words)
    }
}

fn room(name: &str) -> RoomName {
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
fn rooms_are_tabs_and_what_is_new_in_them_is_counted() {
    let mut ann = ann();
    assert_eq!(
        ann.enters("/join #Ops"),
        [Deed::Ask(Request::Join(room("ops")), Errand::Other("not let into #ops".to_owned()))]
    );
    ann.is_in("ops");
    assert_eq!(
        (ann.labels(), ann.state.current()),
        (vec!["#lobby".to_owned(), "#ops".to_owned()], 1)
    );
    ann.hears_from("Bob", "lobby", 3, "one");
    ann.hears_from("Bob", "lobby", 4, "two");
    ann.hears_from("Bob", "ops", 1, "here");
    let unread: Vec<usize> = ann.state.tabs().iter().map(|tab| tab.unread).collect();
    assert_eq!(unread, [2, 0]);
    ann.key(KeyCode::Tab);
    let lobby = ann.state.tab();
    assert_eq!((lobby.unread, lobby.divider), (0, Some(1)));
    ann.key(KeyCode::BackTab);
    ann.key(KeyCode::BackTab);
    assert_eq!(ann.state.tab().divider, None, "it has been seen");
}

#[test]
fn what_was_said_before_we_came_is_not_news_and_what_is_said_later_is() {
    let mut ann = ann();
    ann.is_in("ops");
    ann.key(KeyCode::Tab);
    ann.state.take_deeds();
    ann.hears_from("Bob", "lobby", 2, "Ann: old");
    assert_eq!(ann.state.tabs()[0].unread, 0);
    ann.hears_from("Bob", "lobby", 3, "Ann: new");
    assert_eq!(ann.state.tabs()[0].unread, 1);
    assert!(ann.state.tabs()[0].is_called);
    assert_eq!(ann.state.take_deeds(), [Deed::Bell]);
}

#[test]
fn nobody_can_ring_the_bell_without_end() {
    let mut ann = ann();
    (3..50).for_each(|seq| ann.hears_from("Bob", "lobby", seq, "Ann Ann Ann"));
    assert_eq!(ann.state.take_deeds(), [Deed::Bell]);
    ann.now.at += QUIET;
    ann.hears_from("Bob", "lobby", 50, "Ann");
    assert_eq!(ann.state.take_deeds(), [Deed::Bell]);
}

#[test]
fn who_does_not_look_finds_what_is_new_behind_a_divider() {
    let mut ann = ann();
    ann.hears_from("Bob", "lobby", 3, "seen");
    ann.state.input(&Input::FocusLost, ann.now);
    ann.hears_from("Bob", "lobby", 4, "not seen");
    assert_eq!((ann.state.tab().unread, ann.state.tab().divider), (1, Some(2)));
    ann.state.input(&Input::FocusGained, ann.now);
    assert_eq!((ann.state.tab().unread, ann.state.tab().divider), (0, Some(2)));
    ann.enters("hi");
    assert_eq!(ann.state.tab().divider, None);
}

#[test]
fn a_private_message_opens_a_tab_and_does_not_take_one_away_from_what_one_does() {
    let mut ann = ann();
    ann.types("half a sent");
    ann.hears(
        r#"{"type":"private","from":"Bob","to":"Ann","content":"psst","timestamp":1,"id":"p-1"}"#,
    );
    assert_eq!(
        (ann.labels(), ann.state.current()),
        (vec!["#lobby".to_owned(), "@Bob".to_owned()], 0)
    );
    assert!(ann.state.tabs()[1].is_called);
    ann.press(KeyCode::Char('a'), KeyModifiers::ALT);
    assert_eq!((ann.state.current(), ann.written()), (1, ""));
    let deeds = ann.enters("yes?");
    assert!(
        matches!(&deeds[..], [Deed::Ask(Request::Say(Place::Person(to), _), _)] if to == "Bob")
    );
    ann.enters("/part");
    assert_eq!((ann.labels().len(), ann.written()), (1, "half a sent"));
}

#[test]
fn one_person_has_one_tab_however_their_name_is_written_and_after_they_change_it() {
    let mut ann = ann();
    ann.enters("/msg bob hi");
    ann.hears(
        r#"{"type":"private","from":"Bob","to":"Ann","content":"hi","timestamp":1,"id":"p-2"}"#,
    );
    assert_eq!(ann.labels(), ["#lobby", "@Bob"]);
    ann.hears(r#"{"type":"message","username":"System","content":"Bob is now known as Rob","timestamp":1,"room":"lobby","event":"rename","user":"Rob","was":"Bob"}"#);
    assert_eq!(ann.labels(), ["#lobby", "@Rob"]);
    assert_eq!(ann.state.tabs()[0].people.names, ["Ann", "Rob"]);
}

#[test]
fn a_name_with_a_space_can_be_talked_to_once_it_is_known() {
    let mut ann = ann();
    ann.hears(r#"{"type":"presence","room":"lobby","users":["Ann","Bob","Bob Lee"],"count":3}"#);
    ann.enters("/msg Bob Lee hello");
    assert_eq!(ann.labels()[1], "@Bob Lee");
    ann.enters("/msg Bob");
    assert_eq!(ann.labels()[2], "@Bob");
}

#[test]
fn the_only_room_is_not_left_by_accident() {
    let mut ann = ann();
    assert_eq!(ann.enters("/part"), []);
    assert!(ann.hint().contains("/quit"));
    ann.control('u');
    ann.is_in("ops");
    assert!(matches!(&ann.enters("/part ops")[..], [Deed::Ask(Request::Leave(_), _)]));
    ann.hears_from("Bob", "ops", 1, "late");
    assert_eq!(ann.labels(), ["#lobby"]);
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
fn names_that_cannot_be_any_are_not_kept() {
    let mut ann = ann();
    let long = "x".repeat(1000);
    ann.hears(&format!(
        r#"{{"type":"private","from":"{long}","to":"Ann","content":"x","id":"p-1"}}"#
    ));
    ann.hears(&format!(r#"{{"type":"presence","room":"lobby","users":["{long}"],"count":1}}"#));
    assert_eq!((ann.labels().len(), ann.state.tab().people.names.len()), (1, 2));
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

#[test]
fn people_who_write_cannot_open_tabs_without_end() {
    let mut ann = ann();
    for n in 0..500 {
        ann.hears(&format!(r#"{{"type":"private","from":"n{n}","to":"Ann","content":"x","timestamp":1,"id":"p-{n}"}}"#));
    }
    assert_eq!(ann.state.tabs().len(), MAX_TABS);
    assert_eq!(ann.labels()[0], "#lobby");
    (0..500).for_each(|n| ann.is_in(&format!("room{n}")));
    assert_eq!(ann.state.tabs().len(), MAX_TABS);
    assert_eq!(ann.labels()[0], "#lobby");
}
