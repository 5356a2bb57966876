//! What a crew is dealt, and what it misses.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    load: LoadArgs,
}

/// A crew of which these clients are connected.
fn crew(options: &str, connected: impl IntoIterator<Item = u32>) -> Crew {
    let words = ["load", "localhost"].into_iter().chain(options.split_whitespace());
    let crew = Crew::new(&Program::parse_from(words).load, Vec::new(), 0);
    for index in connected {
        crew.seats[index as usize].ear.borrow_mut().pick_up(true);
        crew.sit_down(index);
    }
    crew
}

fn window(crew: &Crew, index: u32) -> Share {
    crew.sender(index).share
}

/// Sends a message, which is returned as it is sent.
fn send(crew: &Crew, index: u32) -> String {
    let mut text = String::new();
    let (number, time) = crew.seats[index as usize].sender.borrow_mut().send(0).unwrap();
    crew.write_message(Stamp { sender: index, number, time }, &mut text);
    text
}

fn hear(crew: &Crew, index: u32, payload: &str) {
    crew.seats[index as usize].ear.borrow_mut().hear(payload.as_bytes(), &crew.content);
}

fn join(crew: &Crew, index: u32) {
    hear(crew, index, r#"{"type":"joined","epoch":"e","seq":0}"#);
}

/// A message as a room's log has it.
fn at(seq: u64, message: &str) -> String {
    format!("{},\"seq\":{seq}}}", message.strip_suffix('}').unwrap())
}

#[test]
fn what_is_in_flight_is_dealt_evenly_among_those_who_are_there() {
    let crew = crew("--clients 4 --in-flight 7", [0, 2, 3]);
    assert!(crew.deal(0).is_none());
    let windows = [0, 1, 2, 3].map(|index| window(&crew, index));
    let [w2, w3] = [2, 3].map(Share::Window);
    assert_eq!(windows, [w3, Share::Nothing, w2, w2]);
}

#[test]
fn at_a_fixed_rate_those_who_are_there_take_turns() {
    let crew = crew("--clients 4 --rate 7", [0, 2, 3]);
    let (schedule, turns) = crew.deal(5).unwrap();
    assert_eq!(turns, [0, 2, 3]);
    let turn = |next| Share::Turns { schedule, next, step: 3 };
    assert_eq!([0, 2, 3].map(|index| window(&crew, index)), [0, 1, 2].map(turn));
    crew.count_unsent(5 + 990_000_000);
    assert_eq!(crew.stats.borrow().unsent, 7);
}

#[test]
fn a_chat_message_that_nobody_hears_is_lost_to_all_in_its_room() {
    let crew = crew("--clients 5 --rooms 2", 0..5);
    crew.deal(0);
    (0..5).for_each(|index| join(&crew, index));
    let message = send(&crew, 0);
    assert_eq!(crew.lost(), 3, "to clients 0, 2 and 4");
    hear(&crew, 2, &at(1, &message));
    assert_eq!(crew.lost(), 2);
    hear(&crew, 0, &at(1, &message));
    hear(&crew, 4, &at(1, &message));
    assert_eq!(crew.lost(), 0);
}

#[test]
fn a_gap_in_the_room_s_numbers_is_lost_once_to_each_member() {
    let crew = crew("--clients 2", 0..2);
    crew.deal(0);
    (0..2).for_each(|index| join(&crew, index));
    let [_lost, second] = [0, 1].map(|index| send(&crew, index));
    (0..2).for_each(|index| hear(&crew, index, &at(2, &second)));
    assert_eq!(crew.lost(), 2);
}

#[test]
fn what_the_server_refused_is_not_lost() {
    let crew = crew("--clients 2", 0..2);
    crew.deal(0);
    (0..2).for_each(|index| join(&crew, index));
    send(&crew, 0);
    crew.seats[0].sender.borrow_mut().refuse();
    assert_eq!(crew.lost(), 0);
}

#[test]
fn who_vanishes_misses_what_came_before_and_nothing_after() {
    let crew = crew("--clients 2 --kind relay --in-flight 6", 0..2);
    crew.deal(0);
    let [first, second, third] = [0; 3].map(|index| send(&crew, index));
    hear(&crew, 1, &second);
    crew.stand_up(1);
    assert_eq!(crew.stats.borrow().lost, 1, "the first one");
    assert_eq!(crew.lost(), 3, "client 0 has heard nothing yet");
    [first, second, third].iter().for_each(|message| hear(&crew, 0, message));
    assert_eq!(crew.lost(), 0);
}

#[test]
fn what_was_on_the_way_when_its_sender_vanished_is_not_expected() {
    for kind in ["chat", "relay", "echo"] {
        let crew = crew(&format!("--clients 2 --kind {kind}"), 0..2);
        crew.deal(0);
        if kind == "chat" {
            (0..2).for_each(|index| join(&crew, index));
        }
        send(&crew, 0);
        assert_ne!(crew.lost(), 0, "{kind}");
        crew.stand_up(0);
        assert_eq!((crew.lost(), crew.stats.borrow().lost), (0, 0), "{kind}");
        assert_eq!(crew.readers().count(), 1);
    }
}
