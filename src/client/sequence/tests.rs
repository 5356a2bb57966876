//! Any interleaving of replay, live messages, duplicates, gaps, lost connections
//! and restarts: each message once and in order, or a word about it.

use std::collections::VecDeque;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn message(epoch: u64, seq: u64) -> Received {
    let id = format!("{epoch}-{seq}");
    let json = json!({"type": "message", "content": "x", "room": "lobby", "seq": seq, "id": id});
    Received::parse(json.to_string()).expect("an object")
}

fn joined(epoch: u64, head: u64, recovered: bool, reason: Option<&str>) -> Joined {
    let json = json!({"type": "joined", "room": "lobby", "epoch": epoch.to_string(), "seq": head,
        "recovered": recovered, "reason": reason});
    match Received::parse(json.to_string()).expect("an object").object {
        Object::Joined(joined) => joined,
        other => panic!("not joined: {other:?}"),
    }
}

/// What happens to a room, its server, and the connection to it.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// Somebody says something.
    Said,
    /// The same, but the server does not send it.
    LeftOut,
    /// The server sends an older message again.
    Repeated(u64),
    /// The network brings so many objects.
    Brought(usize),
    /// The connection breaks: what is on its way is lost.
    Broken,
    /// The log keeps only the newest so many.
    Trimmed(u64),
    /// Whether questions are refused from now on.
    Refusing(bool),
    /// The server is started anew, without its log.
    Restarted,
}

/// What is on its way to the client.
enum OnItsWay {
    Joined(Joined),
    Message(u64, Received),
    History(Vec<Received>),
    Refusal,
}

/// What the client handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Message(u64, u64),
    Missed,
}

/// A server as the protocol has it, with a short page of history, and a client.
struct World {
    epoch: u64,
    head: u64,
    kept_from: u64,
    is_refusing: bool,
    /// What is on its way; nothing without a connection.
    wire: Option<VecDeque<OnItsWay>>,
    client: Option<Sequence>,
    /// The epoch and the head when the client came first.
    begun: (u64, u64),
    older: u64,
    heard: Vec<Heard>,
}

const PAGE: usize = 3;

impl World {
    fn new(head: u64, older: u64) -> World {
        World {
            epoch: 1,
            head,
            kept_from: 1,
            is_refusing: false,
            wire: None,
            client: None,
            begun: (0, 0),
            older,
            heard: Vec::new(),
        }
    }

    fn kept_after(&self, seq: u64) -> impl Iterator<Item = (u64, Received)> {
        let epoch = self.epoch;
        (self.kept_from.max(seq + 1)..=self.head).map(move |seq| (seq, message(epoch, seq)))
    }

    fn send(&mut self, object: OnItsWay) {
        if let Some(wire) = &mut self.wire {
            wire.push_back(object);
        }
    }

    /// Whether this message was there before the client came first.
    fn was_there(&self, epoch: u64, seq: u64) -> bool {
        epoch == self.begun.0 && seq <= self.begun.1
    }

    fn connect(&mut self) {
        let resume = self.client.as_ref().and_then(Sequence::resume);
        let (epoch, head) = (self.epoch, self.head);
        let (answer, after) = match resume {
            None => (joined(epoch, head, false, None), head),
            Some(resume) if resume.epoch != epoch.to_string() => {
                (joined(epoch, head, false, Some("epoch_changed")), 0)
            }
            Some(resume) if resume.seq > head => (joined(epoch, head, false, Some("unknown")), 0),
            Some(resume) if resume.seq + 1 < self.kept_from => {
                (joined(epoch, head, false, Some("too_old")), 0)
            }
            Some(resume) => (joined(epoch, head, true, None), resume.seq),
        };
        let replay = self.kept_after(after).map(|(seq, it)| OnItsWay::Message(seq, it));
        self.wire = Some([OnItsWay::Joined(answer)].into_iter().chain(replay).collect());
    }

    fn disconnect(&mut self) {
        self.wire = None;
        self.client.iter_mut().for_each(Sequence::disconnected);
    }

    fn bring_one(&mut self) -> bool {
        let Some(object) = self.wire.as_mut().and_then(VecDeque::pop_front) else { return false };
        let steps = match (object, &mut self.client) {
            (OnItsWay::Joined(joined), Some(client)) => client.joined(&joined),
            (OnItsWay::Joined(joined), client) => {
                self.begun = (self.epoch, joined.seq.expect("a head"));
                let (sequence, steps) = Sequence::begin(&joined, self.older);
                *client = Some(sequence);
                steps
            }
            (OnItsWay::Message(seq, it), Some(client)) => client.message(seq, it),
            (OnItsWay::History(messages), Some(client)) => {
                client.history(Some(&self.epoch.to_string()), messages)
            }
            (OnItsWay::Refusal, Some(client)) => client.no_history(),
            (_, None) => panic!("the answer to the join comes first"),
        };
        for step in steps {
            self.take(step);
        }
        true
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::HandOut(received) => {
                let Object::Message(message) = received.object else { panic!("no message") };
                let id = message.id.expect("an id");
                let (epoch, seq) = id.split_once('-').expect("an epoch and a number");
                let number = |text: &str| text.parse().expect("a number");
                self.heard.push(Heard::Message(number(epoch), number(seq)));
            }
            Step::Missed(..) => self.heard.push(Heard::Missed),
            Step::Ask(_) if self.is_refusing => self.send(OnItsWay::Refusal),
            Step::Ask(after) => {
                let messages = self.kept_after(after).map(|(_, it)| it).take(PAGE).collect();
                self.send(OnItsWay::History(messages));
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        if self.wire.is_none() {
            self.connect();
        }
        match happening {
            Happening::Said | Happening::LeftOut => {
                self.head += 1;
                let seq = self.head;
                if matches!(happening, Happening::Said) {
                    self.send(OnItsWay::Message(seq, message(self.epoch, seq)));
                }
            }
            Happening::Repeated(back) => {
                let seq = self.head.saturating_sub(back).max(self.kept_from);
                if seq <= self.head {
                    self.send(OnItsWay::Message(seq, message(self.epoch, seq)));
                }
            }
            Happening::Brought(count) => {
                (0..count).for_each(|_| {
                    self.bring_one();
                });
            }
            Happening::Broken => self.disconnect(),
            Happening::Trimmed(kept) => {
                self.kept_from = self.kept_from.max((self.head + 1).saturating_sub(kept));
            }
            Happening::Refusing(is_refusing) => self.is_refusing = is_refusing,
            Happening::Restarted => {
                self.disconnect();
                (self.epoch, self.head, self.kept_from) = (self.epoch + 1, 0, 1);
            }
        }
    }

    /// Everything arrives, and then one more message that the client hears.
    fn come_to_rest(&mut self) {
        self.is_refusing = false;
        self.happen(Happening::Said);
        while self.bring_one() {}
    }
}

/// What may happen while nothing is really lost.
fn harmless() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => Just(Happening::Said),
        1 => Just(Happening::LeftOut),
        1 => (0u64..10).prop_map(Happening::Repeated),
        3 => (1usize..6).prop_map(Happening::Brought),
        1 => Just(Happening::Broken),
    ]
}

fn anything() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => harmless(),
        1 => (0u64..5).prop_map(Happening::Trimmed),
        1 => any::<bool>().prop_map(Happening::Refusing),
        1 => Just(Happening::Restarted),
    ]
}

proptest! {
    #[test]
    fn nothing_is_handed_out_twice_or_out_of_order_and_nothing_is_missed_without_a_word(
        head in 0u64..20,
        older in 0u64..8,
        happenings in prop::collection::vec(anything(), 0..60),
    ) {
        let mut world = World::new(head, older);
        happenings.into_iter().for_each(|happening| world.happen(happening));
        world.come_to_rest();

        let mut last = None;
        let mut is_warned = true; // Nobody has promised anything yet.
        for heard in &world.heard {
            match *heard {
                Heard::Missed => is_warned = true,
                Heard::Message(epoch, seq) => {
                    // What was there before us may have gaps.
                    let follows = last == Some((epoch, seq - 1)) || world.was_there(epoch, seq - 1);
                    prop_assert!(last < Some((epoch, seq)), "{:?}", world.heard);
                    prop_assert!(follows || is_warned, "{:?}", world.heard);
                    (last, is_warned) = (Some((epoch, seq)), false);
                }
            }
        }
        prop_assert_eq!(last, Some((world.epoch, world.head)), "{:?}", world.heard);
        prop_assert!(world.client.is_some_and(|client| client.gap.is_none()));
    }

    #[test]
    fn what_the_server_still_has_is_never_missed(
        head in 0u64..20,
        older in 0u64..8,
        happenings in prop::collection::vec(harmless(), 0..60),
    ) {
        let mut world = World::new(head, older);
        world.connect();
        world.bring_one();
        happenings.into_iter().for_each(|happening| world.happen(happening));
        world.come_to_rest();
        let first = head.saturating_sub(older) + 1;
        let all: Vec<Heard> = (first..=world.head).map(|seq| Heard::Message(1, seq)).collect();
        prop_assert_eq!(world.heard, all);
    }
}

/// A client that has handed out everything up to `last` of the log `1`.
fn client_at(last: u64) -> Sequence {
    Sequence::begin(&joined(1, last, false, None), 0).0
}

fn hand_out(seqs: impl IntoIterator<Item = u64>) -> Vec<Step> {
    seqs.into_iter().map(|seq| Step::HandOut(message(1, seq))).collect()
}

#[test]
fn what_comes_behind_a_gap_waits_until_the_gap_is_filled() {
    let mut client = client_at(3);
    assert_eq!(client.message(6, message(1, 6)), [Step::Ask(3)]);
    assert_eq!(client.message(7, message(1, 7)), []);
    let answer = vec![message(1, 4), message(1, 5), message(1, 6)];
    assert_eq!(client.history(Some("1"), answer), hand_out(4..=7));
    assert_eq!(client.message(8, message(1, 8)), hand_out([8]));
}

#[test]
fn a_gap_that_cannot_be_filled_is_told_with_its_numbers() {
    let mut client = client_at(3);
    client.message(6, message(1, 6));
    let missed = Step::Missed(Some(4..=5), Cause::Gap);
    assert_eq!(client.no_history(), [missed, Step::HandOut(message(1, 6))]);
}

#[test]
fn an_answer_in_parts_is_asked_for_part_by_part() {
    let mut client = client_at(0);
    client.message(4, message(1, 4));
    let mut steps = hand_out([1, 2]);
    steps.push(Step::Ask(2));
    assert_eq!(client.history(Some("1"), vec![message(1, 1), message(1, 2)]), steps);
    assert_eq!(client.history(Some("1"), vec![message(1, 3)]), hand_out([3, 4]));
}

#[test]
fn an_answer_from_another_log_fills_nothing() {
    let mut client = client_at(3);
    client.message(5, message(1, 5));
    let steps = client.history(Some("2"), vec![message(2, 4)]);
    let missed = Step::Missed(Some(4..=4), Cause::Gap);
    assert_eq!(steps, [missed, Step::HandOut(message(1, 5))]);
}

#[test]
fn a_server_that_never_fills_the_gap_cannot_make_us_hold_back_without_end() {
    let mut client = client_at(0);
    let (mut held, mut steps) = (0, Vec::new());
    for seq in 2.. {
        steps = client.message(seq, message(1, seq));
        if steps.len() > 1 {
            break;
        }
        held += 1;
    }
    assert_eq!(held, MAX_HELD);
    assert_eq!(steps.len(), 1 + MAX_HELD + 1, "one word, and then all of them");
}

#[test]
fn older_messages_that_are_not_kept_any_more_are_not_missed() {
    let (mut client, steps) = Sequence::begin(&joined(1, 10, false, None), 5);
    assert_eq!(steps, [Step::Ask(5)]);
    assert_eq!(client.message(11, message(1, 11)), []);
    let kept = vec![message(1, 9), message(1, 10)];
    assert_eq!(client.history(Some("1"), kept), hand_out(9..=11));
}

#[test]
fn a_server_that_resumes_nothing_is_asked_for_what_was_missed() {
    let mut client = client_at(3);
    client.disconnected();
    assert_eq!(client.joined(&joined(1, 5, false, None)), [Step::Ask(3)]);
    assert_eq!(client.history(Some("1"), vec![message(1, 4), message(1, 5)]), hand_out([4, 5]));
}

#[test]
fn a_rejoin_that_recovers_nothing_says_why() {
    for (answer, cause) in [
        (joined(1, 200, false, Some("too_old")), Cause::TooOld),
        (joined(2, 1, false, Some("epoch_changed")), Cause::EpochChanged),
        (joined(1, 2, false, Some("unknown")), Cause::Unknown),
        (joined(2, 0, false, None), Cause::EpochChanged),
        (joined(1, 2, false, None), Cause::Unknown),
    ] {
        let mut client = client_at(3);
        client.disconnected();
        assert_eq!(client.joined(&answer), [Step::Missed(None, cause)], "{answer:?}");
    }
}

#[test]
fn joining_a_room_again_on_the_same_connection_changes_nothing() {
    let mut client = client_at(3);
    assert_eq!(client.joined(&joined(1, 5, false, None)), []);
    assert_eq!(client.message(4, message(1, 4)), hand_out([4]));
}

#[test]
fn no_number_that_a_server_can_write_is_too_large() {
    let mut client = client_at(u64::MAX - 1);
    assert_eq!(client.message(u64::MAX, message(1, u64::MAX)), hand_out([u64::MAX]));
    assert_eq!(client.message(u64::MAX, message(1, u64::MAX)), []);
    let mut client = client_at(0);
    assert_eq!(client.message(u64::MAX, message(1, u64::MAX)), [Step::Ask(0)]);
    let missed = Step::Missed(Some(1..=u64::MAX - 1), Cause::Gap);
    assert_eq!(client.no_history(), [missed, Step::HandOut(message(1, u64::MAX))]);
}
