//! Coming, going, being woken, falling behind.

use super::*;

const LEFT: &str = "System: Alice has left the chat";

#[test]
fn every_way_of_leaving_is_announced_exactly_once() {
    type Ending = fn(Client);
    let endings: [(&str, Ending); 7] = [
        ("leave, then close", |mut alice| {
            alice.send(r#"{"type":"leave"}"#);
            alice.session.close(NOW);
        }),
        ("leave twice", |mut alice| {
            alice.send(r#"{"type":"leave"}"#);
            alice.send(r#"{"type":"leave"}"#);
        }),
        ("close twice", |mut alice| {
            alice.session.close(NOW);
            alice.session.close(later(1));
        }),
        ("close", |mut alice| alice.session.close(NOW)),
        ("close, then lose", |mut alice| {
            alice.session.close(NOW);
            alice.session.lose(NOW);
        }),
        ("lose", |mut alice| alice.session.lose(NOW)),
        ("a dropped session", drop),
    ];
    for (ending, end) in endings {
        let chat = chat();
        let mut watcher = Client::plain(&chat, "Watcher");
        let alice = Client::plain(&chat, "Alice");
        watcher.lines();
        end(alice);
        for millis in (0..30_000).step_by(500) {
            chat.tick(later(millis));
        }
        assert_eq!(watcher.lines(), [LEFT], "{ending}");
        let mut again = Client::open(&chat, Encoding::V1);
        again.send(r#"{"type":"join","username":"Alice"}"#);
        assert!(again.told()[0].contains(r#""users":["Watcher","Alice"]"#), "{ending}");
    }
}

#[test]
fn whoever_says_goodbye_is_announced_at_once_and_whoever_is_lost_after_three_seconds() {
    let chat = chat();
    let mut watcher = Client::plain(&chat, "Watcher");
    let mut alice = Client::plain(&chat, "Alice");
    let mut bob = Client::plain(&chat, "Bob");
    watcher.lines();
    alice.session.close(NOW);
    bob.session.lose(NOW);
    assert_eq!(watcher.lines(), [LEFT]);
    watcher.sleep();
    chat.tick(later(2_999));
    assert_eq!(watcher.times_rung(), 0);
    chat.tick(later(3_000));
    assert_eq!(watcher.times_rung(), 1);
    assert_eq!(watcher.lines(), ["System: Bob has left the chat"]);
}

#[test]
fn whoever_is_back_before_the_others_heard_of_it_comes_without_a_word() {
    let chat = chat();
    let mut watcher = Client::plain(&chat, "Watcher");
    let mut alice = Client::plain(&chat, "Alice");
    watcher.lines();
    alice.session.lose(NOW);
    let mut alice = Client::open(&chat, Encoding::PlainMillis);
    alice.send_at(r#"{"type":"join","username":"Alice"}"#, later(2_000));
    for millis in (2_000..30_000).step_by(500) {
        chat.tick(later(millis));
    }
    assert_eq!(watcher.lines(), [""; 0]);
    alice.say("I was never away");
    assert_eq!(watcher.lines(), ["Alice: I was never away"]);
}

#[test]
fn a_person_who_flaps_is_announced_once() {
    let chat = chat();
    let mut watcher = Client::plain(&chat, "Watcher");
    for n in 0..8 {
        let now = later(n * 1_000);
        chat.tick(now);
        let mut alice = Client::open(&chat, Encoding::V1);
        alice.send_at(r#"{"type":"join","username":"Alice"}"#, now);
        alice.session.close(later(n * 1_000 + 500));
    }
    for millis in (8_000..60_000).step_by(500) {
        chat.tick(later(millis));
    }
    assert_eq!(watcher.lines(), ["System: Alice has joined the chat", LEFT]);
}

#[test]
fn a_panicking_task_leaves_no_ghost() {
    let chat = chat();
    let mut watcher = Client::plain(&chat, "Watcher");
    let mut alice = Client::plain(&chat, "Alice");
    alice.say("last words");
    let task = std::thread::spawn(move || {
        let _alice = alice;
        std::panic::resume_unwind(Box::new("a bug"));
    });
    assert!(task.join().is_err());
    chat.tick(NOW);
    let lines = watcher.lines();
    assert_eq!(lines[1..], ["Alice: last words", LEFT]);
    assert_eq!(chat.rooms().0.len(), 1);
}

#[test]
fn an_empty_room_is_not_listed_and_keeps_its_log_for_an_hour() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    let epoch = alice.session.memberships[0].room.epoch();
    alice.say("hi");
    alice.session.close(NOW);
    assert_eq!(chat.rooms().1, 0);
    chat.tick(later(60 * 60 * 1000 - 1));
    let mut again = Client::v1(&chat, "Alice");
    let room = &again.session.memberships[0].room;
    assert_eq!((room.epoch(), room.head().seq), (epoch, 1));
    again.session.close(NOW);
    chat.tick(later(60 * 60 * 1000));
    let again = Client::v1(&chat, "Alice");
    let room = &again.session.memberships[0].room;
    assert!(room.epoch() != epoch && room.head().seq == 0);
}

#[test]
fn the_longest_empty_rooms_go_when_they_hold_too_much() {
    let chat = chat_with(Limits { rate: None, empty_rooms: 64 << 10, ..Limits::default() });
    for n in 0..1_000 {
        let mut alice = Client::open(&chat, Encoding::V1);
        alice.send(&format!(r#"{{"type":"join","username":"Alice","room":"room-{n}"}}"#));
        alice.session.close(NOW);
    }
    let exists = |n: usize| chat.room(&RoomName::parse(&format!("room-{n}")).unwrap()).is_some();
    assert!(!exists(0) && exists(999));
    let kept = (0..1_000).filter(|n| exists(*n)).count();
    assert!((20..200).contains(&kept), "{kept}");
}

#[test]
fn a_connection_may_be_in_several_rooms_and_the_first_is_meant_when_none_is_named() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    let mut bob = Client::v1(&chat, "Bob");
    for client in [&mut alice, &mut bob] {
        let name = client.session.person.as_ref().unwrap().name();
        client.send(&format!(r#"{{"type":"join","username":"{name}","room":"dev"}}"#));
        client.lines();
    }
    alice.lines();
    bob.send(r#"{"type":"leave","room":"lobby"}"#);
    alice.say("to the lobby");
    alice.send(r#"{"type":"message","room":"DEV","content":"to dev"}"#);
    assert_eq!(bob.lines(), ["Alice: to dev"]);
    alice.lines();
    bob.say("from dev, now first");
    assert_eq!(alice.lines(), ["Bob: from dev, now first"]);
}

#[test]
fn no_room_silences_the_others() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    alice.send(r#"{"type":"join","username":"Alice","room":"dev"}"#);
    alice.lines();
    let mut bob = Client::v1(&chat, "Bob");
    bob.send(r#"{"type":"join","username":"Bob","room":"dev"}"#);
    alice.lines();
    // Both rooms have a batch for Alice all the time, and she is shown both.
    let mut seen = [0, 0];
    for _ in 0..10 {
        bob.say("in the lobby");
        bob.send(r#"{"type":"message","room":"dev","content":"in dev"}"#);
        let Next::Frames(frames) = alice.session.next_frames(&mut Vec::new()) else {
            panic!("nothing")
        };
        seen[usize::from(payloads(&frames)[0].contains("in dev"))] += 1;
    }
    assert_eq!(seen, [5, 5]);
}

#[test]
fn one_turn_wakes_each_member_once_and_never_its_own_task() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    let mut bob = Client::plain(&chat, "Bob");
    alice.lines();
    alice.sleep();
    bob.sleep();
    for _ in 0..5 {
        let message = br#"{"type":"message","content":"x"}"#;
        alice.session.receive(message, NOW, &mut alice.outbox);
    }
    assert_eq!(bob.times_rung(), 0); // not before the turn ends
    alice.session.wake_rooms();
    alice.session.wake_rooms();
    assert_eq!((alice.times_rung(), bob.times_rung()), (0, 1));
    assert_eq!(bob.lines().len(), 5);
    assert_eq!(alice.lines().len(), 5);
}

#[test]
fn what_was_said_before_leaving_in_the_same_turn_wakes_those_who_stay() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    let mut bob = Client::v1(&chat, "Bob");
    bob.send(r#"{"type":"join","username":"Bob","room":"dev"}"#);
    alice.lines();
    alice.sleep();
    bob.session.receive(br#"{"type":"message","content":"bye"}"#, NOW, &mut bob.outbox);
    bob.session.receive(br#"{"type":"leave","room":"lobby"}"#, NOW, &mut bob.outbox);
    bob.session.wake_rooms();
    assert_eq!(alice.times_rung(), 1);
    assert_eq!(alice.lines(), ["Bob: bye", "System: Bob has left the chat"]);
}

#[test]
fn readers_of_one_encoding_share_the_same_bytes() {
    let chat = chat();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| Client::v1(&chat, name));
    alice.lines();
    alice.say("hi");
    let Next::Frames(one) = alice.session.next_frames(&mut Vec::new()) else { panic!("nothing") };
    let Next::Frames(other) = bob.session.next_frames(&mut Vec::new()) else { panic!("nothing") };
    assert_eq!(one.as_ptr(), other.as_ptr());
}

#[test]
fn whoever_does_not_read_has_lagged_and_the_others_have_not() {
    let chat = chat_with(Limits { rate: None, room_log: 8 << 10, ..Limits::default() });
    let mut slow = Client::v1(&chat, "Slow");
    let mut quick = Client::v1(&chat, "Quick");
    for _ in 0..100 {
        quick.say(&"x".repeat(1000));
        assert_eq!(quick.lines().len(), 1);
    }
    assert_eq!(slow.session.next_frames(&mut Vec::new()), Next::Lagged);
    assert_eq!(slow.session.next_frames(&mut Vec::new()), Next::Lagged);
}

#[test]
fn a_plain_clients_unit_follows_its_own_timestamps_and_no_message_is_lost_or_repeated() {
    let chat = chat();
    let mut client = Client::plain(&chat, "Alice");
    client.say("one");
    // Read in the unit of the moment of reading, though it was said before.
    client.send(r#"{"type":"message","content":"two","timestamp":1700000000}"#);
    let heard = client.heard();
    assert_eq!(heard.len(), 2);
    assert!(heard.iter().all(|object| object.ends_with(r#""timestamp":1700000000.123}"#)));
    client.send(r#"{"type":"message","content":"three","timestamp":1700000000000}"#);
    assert!(client.heard()[0].ends_with(r#""timestamp":1700000000123}"#));
    client.send(r#"{"type":"message","content":"four","timestamp":123456}"#);
    assert!(client.heard()[0].ends_with(r#""timestamp":1700000000123}"#));
    // The full dialect has one unit.
    let mut v1 = Client::v1(&chat, "Bob");
    v1.send(r#"{"type":"ping","timestamp":1700000000}"#);
    assert!(v1.told()[0].ends_with(r#""timestamp":1700000000123}"#));
}

#[test]
fn the_stamps_of_a_room_never_go_back() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    for (millis, stamp) in [(10, 133), (-5_000, 133), (11, 134)] {
        alice.send_at(r#"{"type":"message","content":"x"}"#, later(millis));
        let heard = alice.heard();
        assert!(heard[0].contains(&format!(r#""timestamp":1700000000{stamp}"#)), "{heard:?}");
    }
}

#[test]
fn messages_are_numbered_without_gaps_in_the_order_in_which_all_see_them() {
    let chat = chat();
    let mut clients: Vec<Client> =
        (0..4).map(|i| Client::v1(&chat, &format!("client {i}"))).collect();
    let threads: Vec<_> = clients
        .drain(..)
        .map(|mut client| {
            std::thread::spawn(move || {
                for i in 0..100 {
                    client.say(&format!("{i}"));
                }
                client
            })
        })
        .collect();
    let messages = |mut client: Client| -> Vec<String> {
        let heard = client.heard();
        heard.into_iter().filter(|object| object.contains("\"seq\"")).collect()
    };
    let clients: Vec<Client> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let heard: Vec<Vec<String>> = clients.into_iter().map(messages).collect();
    for (i, object) in heard[0].iter().enumerate() {
        assert!(object.contains(&format!(r#""seq":{},"#, i + 1)), "{object}");
    }
    assert_eq!(heard[0].len(), 400);
    assert!(heard.iter().all(|other| *other == heard[0]));
}

#[test]
fn in_a_crowd_nobody_s_coming_and_going_is_announced() {
    let chat = chat_with(Limits { rate: None, max_listed: 2, ..Limits::default() });
    let mut watcher = Client::v1(&chat, "Watcher");
    let bob = Client::v1(&chat, "Bob");
    watcher.heard();
    watcher.sleep();
    let mut carol = Client::v1(&chat, "Carol");
    carol.session.close(NOW);
    assert_eq!((watcher.times_rung(), watcher.lines()), (0, Vec::new()));
    bob.session.chat.tick(later(0));
    drop(bob);
    chat.tick(later(3_000));
    assert_eq!(watcher.lines(), ["System: Bob has left the chat"]);
}
