//! The order of what is said, and what becomes of it.

use super::*;

fn said(text: &str) -> Kind {
    Kind::Said { name: "Ben".to_owned(), text: text.to_owned(), is_call: false }
}

fn own(text: &str) -> Kind {
    let (name, raw) = ("Ann".to_owned(), text.to_owned());
    Kind::Own { name, text: text.to_owned(), raw, mark: Mark::Pending }
}

fn hear(timeline: &mut Timeline, seq: u64, kind: Kind) -> Option<Uid> {
    timeline.hear_as(Some(&format!("e-{seq}")), Some(seq), None, kind)
}

/// Every text with what became of it.
fn texts(timeline: &Timeline) -> Vec<String> {
    let text = |entry: &Entry| match &entry.kind {
        Kind::Own { text, mark, .. } => match mark {
            Mark::Pending => format!("{text}…"),
            Mark::Delivered => format!("{text}✓"),
            Mark::Failed(reason) => format!("{text}✗{reason}"),
        },
        Kind::Said { text, .. } | Kind::Notice(text) => text.clone(),
        kind => format!("{kind:?}"),
    };
    timeline.entries().map(text).collect()
}

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

#[test]
fn what_we_say_is_there_at_once_and_ends_where_the_server_has_it() {
    let mut it = Timeline::default();
    let (one, two) = (it.say(NOW, own("one")), it.say(NOW, own("two")));
    hear(&mut it, 1, said("before"));
    assert_eq!(texts(&it), ["before", "one…", "two…"]);
    it.delivered(one, Some("e-3".to_owned()), Some(3));
    assert_eq!(texts(&it), ["before", "one✓", "two…"]);
    hear(&mut it, 2, said("meanwhile"));
    assert_eq!(hear(&mut it, 3, own("one")), None);
    assert_eq!(texts(&it), ["before", "meanwhile", "one✓", "two…"]);
    it.delivered(two, Some("e-4".to_owned()), Some(4));
    hear(&mut it, 4, own("two"));
    assert_eq!(texts(&it), ["before", "meanwhile", "one✓", "two✓"]);
    assert!(!it.has_pending());
}

#[test]
fn what_comes_back_before_it_is_confirmed_is_not_there_twice() {
    let mut it = Timeline::default();
    let uid = it.say(NOW, own("hi"));
    hear(&mut it, 1, own("hi"));
    it.delivered(uid, Some("e-1".to_owned()), Some(1));
    assert_eq!(it.len(), 1);
}

#[test]
fn what_was_confirmed_and_does_not_come_back_takes_its_place_all_the_same() {
    let mut it = Timeline::default();
    let (one, two) = (it.say(NOW, own("one")), it.say(NOW, own("two")));
    it.delivered(one, Some("e-3".to_owned()), Some(3));
    hear(&mut it, 5, said("later"));
    assert_eq!(texts(&it), ["one✓", "later", "two…"]);
    it.delivered(two, Some("e-6".to_owned()), Some(6));
    it.begin_anew();
    assert!(!it.has_pending());
    for _ in 0..1000 {
        it.say(NOW, own("three"));
    }
    assert_eq!(it.unsettled.len(), MAX_UNSETTLED);
}

#[test]
fn a_server_that_confirms_nothing_confirms_by_sending_it_back() {
    let mut it = Timeline::default();
    it.say(NOW, own("hi"));
    assert_eq!(it.hear_as(None, None, None, said("hi")), Some(2), "somebody else says it too");
    assert_eq!(it.hear_as(None, None, None, own("hi")), None);
    assert_eq!(texts(&it), ["hi", "hi✓"]);
}

#[test]
fn what_failed_stays_with_its_reason_until_it_is_sent_again() {
    let mut it = Timeline::default();
    let uid = it.say(NOW, own("hi"));
    it.say(NOW, own("ho"));
    it.failed(uid, "no".to_owned());
    assert_eq!(texts(&it), ["hi✗no", "ho…"]);
    assert_eq!(it.take_failed(), ["hi"]);
    assert_eq!(texts(&it), ["ho…"]);
}

fn message(seq: u64, at: i64) -> Message {
    let json = format!(
        r#"{{"type":"message","username":"Ben","content":"m{seq}","timestamp":{at},"room":"a","seq":{seq},"id":"e-{seq}"}}"#
    );
    match wirechat::client::Received::parse(json).expect("an object").object {
        wirechat::client::Object::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn older_messages_go_where_they_belong_and_are_there_once() {
    let mut it = Timeline::default();
    it.tell(Some(Timestamp::from_millis(1_700_000_004_500)), Kind::Notice("Ann came".to_owned()));
    let at = |seq: u64| 1_700_000_000_000 + 1000 * seq as i64;
    it.hear(&message(5, at(5)), said("m5"));
    assert_eq!(it.first_number(), Some(5));
    for seq in [3, 4, 5] {
        it.remember(&message(seq, at(seq)), said(&format!("m{seq}")));
    }
    assert_eq!(texts(&it), ["m3", "m4", "Ann came", "m5"]);
    assert_eq!(it.first_number(), Some(3));
}

#[test]
fn numbers_of_another_life_of_the_log_are_not_mixed_up() {
    let mut it = Timeline::default();
    hear(&mut it, 7, said("old"));
    it.begin_anew();
    assert_eq!(it.first_number(), None, "there is nothing to ask for");
    it.hear_as(Some("f-1"), Some(1), None, said("new"));
    assert_eq!(texts(&it), ["old", "new"]);
}

#[test]
fn only_so_much_is_kept() {
    let mut it = Timeline::default();
    for seq in 0..2 * MAX_ENTRIES as u64 {
        hear(&mut it, seq, said("x"));
    }
    assert_eq!(it.len(), MAX_ENTRIES);
    for seq in 0..200 {
        it.hear_as(Some(&format!("f-{seq}")), None, None, said(&"x".repeat(10_000)));
    }
    assert!(it.len() <= MAX_BYTES / 10_000 + 1);
}
