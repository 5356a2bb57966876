//! Rooms and people as tabs, and what is new in them.

use crossterm::event::{Event as Input, KeyCode, KeyModifiers};

use super::super::*;
use super::{ann, room};

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
