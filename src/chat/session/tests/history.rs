//! What those get who come later, or come back.

use super::*;

/// The numbers of the messages among these objects.
fn numbers(objects: &[String]) -> Vec<u64> {
    let number = |json: &String| serde_json::from_str::<Value>(json).unwrap()["seq"].as_u64();
    objects.iter().filter_map(number).collect()
}

/// A lobby in which ten messages were said, ten milliseconds apart, and three are
/// kept; who said them, and the lobby's epoch.
fn ten_said() -> (Arc<Chat>, Client, String) {
    let chat = chat_with(Limits { rate: None, history: 3, ..Limits::default() });
    let mut alice = Client::v1(&chat, "Alice");
    for n in 1..=10 {
        alice.send_at(&format!(r#"{{"type":"message","content":"{n}"}}"#), later(10 * n));
    }
    alice.heard();
    let epoch = alice.session.memberships[0].room.epoch().to_string();
    (chat, alice, epoch)
}

/// Joins like this, and hears one more message after that. The answer to the join
/// and the numbers of what is heard.
fn come_back(encoding: Encoding, how: impl Fn(&str) -> String) -> (Option<Value>, Vec<String>) {
    let (chat, mut alice, epoch) = ten_said();
    let mut bob = Client::open(&chat, encoding);
    bob.send(&format!(r#"{{"type":"join","username":"Bob",{}}}"#, how(&epoch)));
    alice.say("now");
    let joined = bob.told().first().map(|joined| serde_json::from_str(joined).unwrap());
    (joined, bob.heard())
}

#[test]
fn whoever_resumes_gets_what_was_missed_and_then_what_is_said_now() {
    for (seq, expected) in [(7, &[8, 9, 10, 11][..]), (9, &[10, 11]), (10, &[11])] {
        let (joined, heard) = come_back(Encoding::V1, |epoch| {
            format!(r#""resume":{{"epoch":"{epoch}","seq":{seq}}}"#)
        });
        let joined = joined.unwrap();
        assert_eq!((&joined["recovered"], &joined["seq"]), (&true.into(), &10.into()));
        assert_eq!(joined.get("reason"), None);
        assert_eq!(numbers(&heard), expected, "after {seq}");
    }
}

#[test]
fn what_cannot_be_recovered_is_said_and_all_that_is_kept_is_sent() {
    for (epoch, seq, reason) in
        [(None, 6, "too_old"), (None, 11, "unknown"), (Some("1"), 10, "epoch_changed")]
    {
        let (joined, heard) = come_back(Encoding::V1, |here| {
            format!(r#""resume":{{"epoch":"{}","seq":{seq}}}"#, epoch.unwrap_or(here))
        });
        let joined = joined.unwrap();
        assert_eq!((&joined["recovered"], &joined["reason"]), (&false.into(), &reason.into()));
        assert_eq!(numbers(&heard), [8, 9, 10, 11], "{reason}");
    }
}

#[test]
fn since_a_time_is_the_simple_way_to_resume() {
    for (millis, recovered, expected) in
        [(90, true, &[9, 10, 11][..]), (91, true, &[10, 11]), (70, false, &[8, 9, 10, 11])]
    {
        let since = NOW.millis() + millis;
        let (joined, heard) = come_back(Encoding::V1, |_| format!(r#""since":{since}"#));
        assert_eq!(joined.unwrap()["recovered"], recovered);
        assert_eq!(numbers(&heard), expected, "since {millis}");
    }
}

#[test]
fn a_plain_client_resumes_in_its_own_unit_and_gets_messages_of_four_fields() {
    let (_, heard) = come_back(Encoding::PlainSeconds, |_| r#""since":1700000000.213"#.to_owned());
    assert_eq!(
        heard[..2],
        [
            r#"{"type":"message","username":"Alice","content":"9","timestamp":1700000000.213}"#,
            r#"{"type":"message","username":"Alice","content":"10","timestamp":1700000000.223}"#,
        ]
    );
    assert!(heard[2].contains("Bob has joined") && heard[3].contains("now"));
}

#[test]
fn a_join_that_asks_for_nothing_gets_what_is_said_from_now_on() {
    let (joined, heard) = come_back(Encoding::V1, |_| r#""room":"lobby""#.to_owned());
    assert_eq!(joined.unwrap()["recovered"], false);
    assert_eq!(numbers(&heard), [11]);
}

#[test]
fn what_an_anonymous_reader_has_not_got_yet_comes_once_when_it_resumes() {
    let (chat, mut alice, epoch) = ten_said();
    let mut bob = Client::open(&chat, Encoding::V1);
    alice.say("read by nobody in particular");
    bob.send(&format!(
        r#"{{"type":"join","username":"Bob","resume":{{"epoch":"{epoch}","seq":8}}}}"#
    ));
    assert!(bob.session.starts_over(), "what was handed out before is void");
    assert_eq!(numbers(&bob.heard()), [9, 10, 11]);
}

#[test]
fn a_plain_client_that_joins_the_room_it_reads_misses_nothing() {
    let (chat, mut alice, _) = ten_said();
    let mut bob = Client::open(&chat, Encoding::PlainMillis);
    alice.say("between");
    bob.send(r#"{"type":"join","username":"Bob"}"#);
    assert!(!bob.session.starts_over());
    assert_eq!(bob.lines(), ["Alice: between", "System: Bob has joined the chat"]);
}

#[test]
fn joining_a_room_again_repeats_nothing() {
    let (_chat, mut alice, epoch) = ten_said();
    alice.send(&format!(
        r#"{{"type":"join","username":"Alice","resume":{{"epoch":"{epoch}","seq":8}}}}"#
    ));
    assert_eq!(alice.told().len(), 1);
    assert_eq!(alice.heard(), [""; 0]);
}

#[test]
fn history_is_paged_in_both_directions() {
    let (_chat, mut alice, epoch) = ten_said();
    for (part, expected, more) in [
        ("", &[8, 9, 10][..], false),
        (r#","limit":2"#, &[9, 10], true),
        (r#","before":10,"limit":1"#, &[9], true),
        (r#","before":9"#, &[8], false),
        (r#","before":8"#, &[], false),
        (r#","before":99"#, &[8, 9, 10], false),
        (r#","after":8,"limit":1"#, &[9], true),
        (r#","after":9"#, &[10], false),
        (r#","after":0"#, &[8, 9, 10], false),
        (r#","after":99"#, &[], false),
        (r#","limit":0"#, &[], true),
    ] {
        alice.send(&format!(r#"{{"type":"history"{part}}}"#));
        let told = alice.told();
        let page: Value = serde_json::from_str(&told[0]).unwrap();
        assert_eq!((&page["type"], &page["epoch"]), (&"history".into(), &(&*epoch).into()));
        let messages = page["messages"].as_array().unwrap();
        let numbers: Vec<u64> = messages.iter().filter_map(|m| m["seq"].as_u64()).collect();
        assert_eq!((&numbers[..], &page["more"]), (expected, &more.into()), "{part}");
    }
}

#[test]
fn a_plain_client_gets_history_as_messages() {
    let (chat, _alice, _) = ten_said();
    let mut bob = Client::plain(&chat, "Bob");
    bob.send(r#"{"type":"history","limit":2}"#);
    let told = bob.told();
    assert_eq!(told.len(), 2);
    assert!(told[1].starts_with(r#"{"type":"message","username":"Alice","content":"10","#));
}

#[test]
fn a_page_of_long_messages_is_cut() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    for _ in 0..100 {
        alice.say(&"\\u0000".repeat(4096)); // six bytes each in JSON
    }
    alice.told();
    alice.send(r#"{"type":"history","limit":100}"#);
    let told = alice.told();
    assert!((256 << 10..300 << 10).contains(&told[0].len()), "{}", told[0].len());
    assert!(told[0].ends_with(r#""more":true}"#));
}

#[test]
fn what_was_promised_comes_however_much_is_said_and_forgotten_meanwhile() {
    let (chat, mut alice, epoch) = ten_said();
    let mut bob = Client::open(&chat, Encoding::V1);
    bob.send(&format!(
        r#"{{"type":"join","username":"Bob","resume":{{"epoch":"{epoch}","seq":7}}}}"#
    ));
    for _ in 0..5 {
        alice.say("more");
    }
    assert_eq!(numbers(&bob.heard()), [8, 9, 10, 11, 12, 13, 14, 15]);
}

#[test]
fn a_long_past_comes_in_small_pieces() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    for _ in 0..100 {
        alice.say(&"x".repeat(4000));
    }
    let mut bob = Client::open(&chat, Encoding::V1);
    bob.send(r#"{"type":"join","username":"Bob","since":0}"#);
    let mut pieces = 0;
    while let Next::Frames(piece) = bob.session.next_frames(&mut Vec::new()) {
        assert!(piece.len() < 32 << 10);
        pieces += 1;
    }
    assert!(pieces > 20, "{pieces}");
}

#[test]
fn the_same_message_with_the_same_nonce_is_stored_once() {
    let chat = chat();
    let mut watcher = Client::v1(&chat, "Watcher");
    let mut alice = Client::v1(&chat, "Alice");
    watcher.lines();
    let token = alice.session.person.as_ref().unwrap().token().unwrap();
    let object = r#"{"type":"message","content":"once","nonce":"n1"}"#;
    alice.send(object);
    let first = alice.told();
    alice.send(object);
    assert_eq!(alice.told(), [first[0].replace(r#","seq":1}"#, r#","seq":1,"duplicate":true}"#)]);
    drop(alice);
    // Again after a break, by the same person; then by somebody else.
    let mut alice = Client::open(&chat, Encoding::V1);
    alice.send(&format!(r#"{{"type":"join","username":"Alice","session":"{token}"}}"#));
    alice.told();
    alice.send(object);
    assert!(alice.told()[0].ends_with(r#""seq":1,"duplicate":true}"#));
    let mut bob = Client::v1(&chat, "Bob");
    bob.send(object);
    assert!(bob.told()[0].ends_with(r#""seq":2}"#));
    let said = watcher.lines().into_iter().filter(|line| line.ends_with("once"));
    assert_eq!(said.collect::<Vec<_>>(), ["Alice: once", "Bob: once"]);
}

#[test]
fn a_nonce_is_recognised_by_the_kept_history_even_if_the_person_was_forgotten() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    let token = alice.session.person.as_ref().unwrap().token().unwrap();
    let object = r#"{"type":"message","content":"once","nonce":"n1"}"#;
    alice.send(object);
    alice.session.lose(NOW);
    chat.tick(later(59 * 60 * 1000)); // the person is forgotten, the room is not
    let mut alice = Client::open(&chat, Encoding::V1);
    alice.send(&format!(r#"{{"type":"join","username":"Alice","session":"{token}"}}"#));
    alice.told();
    alice.send(object);
    assert!(alice.told()[0].ends_with(r#""seq":1,"duplicate":true}"#));
}
