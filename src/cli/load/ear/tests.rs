//! What clients hear, payload by payload.

use bytes::BytesMut;
use wirechat::proto::{Opcode, encode_frame};

use super::Verdict::{Before, InOrder, Late, Twice};
use super::*;

fn content() -> Content {
    Content::new(7, 2, 32)
}

fn stamp(sender: u32, number: u32) -> Stamp {
    Stamp { sender, number, time: 5 }
}

fn text(stamp: Stamp) -> String {
    let mut text = String::new();
    content().write(stamp, &mut text);
    text
}

fn message(seq: u64, content: &str) -> String {
    format!(r#"{{"type":"message","username":"x","content":"{content}","seq":{seq}}}"#)
}

const JOINED: &str = r#"{"type":"joined","content":"","room":"load-1","epoch":"e","seq":10}"#;

/// What it makes of a text message from the server, as its client does: by the
/// frame if that will do.
fn hear(ear: &mut Ear, payload: &str) -> Heard {
    let mut frame = BytesMut::new();
    encode_frame(&mut frame, true, Opcode::Text, None, payload.as_bytes());
    match ear.recognise(&frame) {
        Some((len, verdict, stamp)) => {
            assert_eq!(len, frame.len());
            Heard::Message(verdict, stamp)
        }
        None => ear.hear(payload.as_bytes(), &content()),
    }
}

fn relay(frames: &Rc<RefCell<Frames>>) -> Ear {
    let mut ear = Ear::Relay { frames: Rc::clone(frames), due: 0, hearing: Hearing::of(2) };
    ear.pick_up(true);
    ear
}

fn member(log: &Rc<RefCell<Log>>) -> Ear {
    Ear::Chat { log: Rc::clone(log), place: None }
}

/// What the members of one room make of what each of them is sent, one after
/// the other; how many messages they lost.
fn room(members: &[&[&str]]) -> (Vec<Vec<Heard>>, u64, Log) {
    let log = Rc::new(RefCell::new(Log::new(0, 1, 100)));
    let mut ears: Vec<Ear> = members.iter().map(|_| member(&log)).collect();
    let hear_all = |(ear, payloads): (&mut Ear, &&[&str])| {
        assert_eq!(hear(ear, JOINED), Heard::Joined);
        payloads.iter().map(|payload| hear(ear, payload)).collect()
    };
    let heard = ears.iter_mut().zip(members).map(hear_all).collect();
    let lost = ears.iter().map(|ear| ear.lost(|_| unreachable!("the log tells"))).sum();
    drop(ears);
    (heard, lost, Rc::into_inner(log).expect("nobody else has it").into_inner())
}

fn three() -> [String; 3] {
    [0, 1, 2].map(|number| message(11 + u64::from(number), &text(stamp(0, number))))
}

fn said(verdict: Verdict, number: u32) -> Heard {
    Heard::Message(verdict, Some(stamp(0, number)))
}

#[test]
fn in_a_chat_all_members_hear_the_same_in_the_order_of_the_log() {
    let [one, two, three] = &three();
    let all: &[&str] = &[one, two, three];
    let (heard, lost, log) = room(&[all, all]);
    for member in heard {
        assert_eq!(member, [said(InOrder, 0), said(InOrder, 1), said(InOrder, 2)]);
    }
    assert_eq!((lost, log.duplicated, log.out_of_order), (0, 0, 0));
}

#[test]
fn in_a_chat_a_message_that_one_member_does_not_get_is_lost() {
    let [one, two, three] = &three();
    let all: &[&str] = &[one, two, three];
    assert_eq!(room(&[all, &[one, three]]).1, 1, "in the middle");
    assert_eq!(room(&[&[one, three], all]).1, 1, "whoever hears it first");
    assert_eq!(room(&[all, &[one, two]]).1, 1, "at the end");
    assert_eq!(room(&[all, &[]]).1, 3, "all of them");
}

#[test]
fn in_a_chat_a_message_that_comes_twice_or_late_is_noticed() {
    let [one, two, three] = &three();
    let all: &[&str] = &[one, two, three];
    let (heard, lost, _) = room(&[all, &[one, one, two, three]]);
    let twice = [said(InOrder, 0), said(Twice, 0), said(InOrder, 1), said(InOrder, 2)];
    assert_eq!((&heard[1][..], lost), (&twice[..], 0));
    let (heard, lost, _) = room(&[all, &[one, three, two]]);
    let late = [said(InOrder, 0), said(InOrder, 2), said(Late, 1)];
    assert_eq!((&heard[1][..], lost), (&late[..], 0));
}

#[test]
fn in_a_chat_a_message_that_is_not_what_others_got_does_not_count() {
    let [one, two, _] = &three();
    let other = message(12, &text(stamp(0, 2)));
    let (heard, lost, _) = room(&[&[one, two], &[one, &other]]);
    assert_eq!((&heard[1][..], lost), (&[said(InOrder, 0), Heard::Other][..], 1));
}

#[test]
fn in_a_chat_a_message_that_the_server_changed_was_not_delivered() {
    let changed = text(stamp(0, 0)).replace('b', "c");
    let (heard, _, log) = room(&[&[&message(11, &changed)]]);
    assert_eq!(heard[0], [Heard::Message(InOrder, None)], "it may be somebody else's");
    assert_eq!(log.lost_of(0, 1), 1);
}

#[test]
fn in_a_chat_who_hangs_up_misses_nothing_until_it_has_joined_again() {
    let log = Rc::new(RefCell::new(Log::new(0, 1, 100)));
    let (mut stays, mut goes) = (member(&log), member(&log));
    let [one, two, three] = &three();
    for ear in [&mut stays, &mut goes] {
        assert_eq!(hear(ear, JOINED), Heard::Joined);
    }
    for (number, message) in (0..).zip([one, two, three]) {
        assert_eq!(hear(&mut stays, message), said(InOrder, number));
    }
    hear(&mut goes, two);
    assert_eq!(goes.hang_up(), 1, "it had missed one");
    assert_eq!(goes.lost(|_| unreachable!("the log tells")), 0);
    hear(&mut goes, &JOINED.replace("10", "12"));
    assert_eq!(hear(&mut goes, three), said(InOrder, 2));
    assert_eq!(goes.lost(|_| unreachable!("the log tells")), 0);
}

#[test]
fn in_a_chat_notices_are_no_messages_history_does_not_count_and_refusals_have_a_code() {
    let notice = r#"{"type":"message","content":"x has left","event":"leave","user":"x"}"#;
    let ours = r#"{"type":"message","username":"System","content":"x has left","event":"leave"}"#;
    let error = r#"{"type":"error","content":"Too fast","code":"rate_limited"}"#;
    let old = message(10, &text(stamp(0, 0)));
    let (heard, lost, _) = room(&[&[notice, ours, error, &old, "[]"]]);
    let refused = Heard::Refused("rate_limited".into());
    let old = Heard::Message(Before, Some(stamp(0, 0)));
    assert_eq!(heard[0], [Heard::Other, Heard::Other, refused, old, Heard::Other]);
    assert_eq!(lost, 0);
}

#[test]
fn before_it_has_joined_a_client_waits_for_that_alone() {
    let mut ear = member(&Rc::new(RefCell::new(Log::new(0, 1, 100))));
    let welcome = r#"{"type":"message","content":"hi","event":"welcome"}"#;
    let taken = r#"{"type":"error","code":"name_taken"}"#;
    for (payload, heard) in [
        (&*message(1, "hello"), Heard::Other),
        (welcome, Heard::Other),
        (taken, Heard::Refused("name_taken".into())),
    ] {
        assert_eq!(hear(&mut ear, payload), heard);
    }
    assert!(!ear.is_listening());
    assert_eq!(hear(&mut ear, JOINED), Heard::Joined);
    assert!(ear.is_listening());
}

/// How many a client of a relay lost, got twice and got late if two senders sent
/// three messages each and it got these; others have heard `before` already.
fn relayed(before: &[Stamp], stamps: &[Stamp]) -> (u64, usize, usize) {
    let frames = Rc::new(RefCell::new(Frames::starting_at(0, 100)));
    let (mut other, mut ear) = (relay(&frames), relay(&frames));
    for stamp in before {
        hear(&mut other, &text(*stamp));
    }
    let heard: Vec<Heard> = stamps.iter().map(|stamp| hear(&mut ear, &text(*stamp))).collect();
    let count = |wanted: Verdict| {
        heard.iter().filter(|it| matches!(it, Heard::Message(is, Some(_)) if *is == wanted)).count()
    };
    let (in_order, twice, late) = (count(InOrder), count(Twice), count(Late));
    assert_eq!(in_order + twice + late, stamps.len());
    (ear.lost(|_| 3), twice, late)
}

#[test]
fn from_a_relay_each_sender_s_messages_come_once_and_in_order() {
    let [a, b, c] = [0, 1, 2].map(|number| stamp(0, number));
    let [x, y, z] = [0, 1, 2].map(|number| stamp(1, number));
    let count = |stamps: &[Stamp]| {
        let alone = relayed(&[], stamps);
        for before in [&[a, x, b, y, c, z][..], &[x, y, z, a, b, c], &[a, b]] {
            assert_eq!(relayed(before, stamps), alone, "what others heard is no difference");
        }
        alone
    };
    assert_eq!(count(&[a, x, b, y, c, z]), (0, 0, 0));
    assert_eq!(count(&[x, y, a, z, b, c]), (0, 0, 0), "in any order between them");
    assert_eq!(count(&[a, x, c, y, z]), (1, 0, 0));
    assert_eq!(count(&[x, y, z]), (3, 0, 0));
    assert_eq!(count(&[a, x, b, b, y, c, z]), (0, 1, 0));
    assert_eq!(count(&[b, x, a, y, c, z]), (0, 0, 1));
    assert_eq!(count(&[a, b, c]), (3, 0, 0), "nothing at all of one of them");
}

#[test]
fn who_comes_back_to_a_relay_takes_each_sender_up_where_it_is() {
    let mut ear = relay(&Rc::new(RefCell::new(Frames::starting_at(0, 100))));
    hear(&mut ear, &text(stamp(1, 1)));
    assert_eq!(ear.hang_up(), 1, "it had missed one");
    assert_eq!(ear.hang_up(), 0, "and that is counted once");
    ear.pick_up(false);
    for number in [5, 7] {
        let it = stamp(1, number);
        assert_eq!(hear(&mut ear, &text(it)), Heard::Message(InOrder, Some(it)));
    }
    assert_eq!(ear.lost(|_| 9), 2, "one between and one at the end");
}

#[test]
fn an_echo_is_one_s_own_and_nobody_else_s() {
    let mut ear = Ear::Echo { own: 1, sequence: Sequence::starting_at(0) };
    for (it, verdict) in [(stamp(1, 0), InOrder), (stamp(0, 1), Twice), (stamp(1, 2), InOrder)] {
        assert_eq!(hear(&mut ear, &text(it)), Heard::Message(verdict, Some(it)));
    }
    assert_eq!(ear.lost(|_| 3), 1);
    assert_eq!(ear.lost(|_| 4), 2);
}
