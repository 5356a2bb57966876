//! The screen as text.

use ratatui_core::layout::Size;
use wirechat::client::{Lost, State as ClientState};

use super::super::look::Choice;
use super::super::state::tests::{Person, ann};
use super::*;

fn look(choice: Choice) -> Look {
    Look::new(choice, |_| None)
}

/// The rows of the screen, without blanks at their ends.
pub(super) fn rows(person: &Person) -> Vec<String> {
    let Size { width, height } = person.state.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(&person.state, &look(Choice::Dark), person.now.at, &mut buffer);
    let row = |y| {
        let mut row = String::new();
        let mut x = 0;
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += (super::super::text::width(symbol) as u16).max(1);
        }
        row.trim_end().to_owned()
    };
    (0..height).map(row).collect()
}

pub(super) fn resized(person: &mut Person, width: u16, height: u16) {
    let resize = crossterm::event::Event::Resize(width, height);
    person.state.input(&resize, person.now);
}

#[test]
fn a_conversation() {
    let mut ann = ann();
    ann.is_in("ops");
    resized(&mut ann, 80, 14);
    ann.hears_from("Bob", "lobby", 3, "hello");
    ann.hears_from("Ann", "lobby", 4, "hi Bob");
    ann.hears_from(
        "日本語の名前",
        "lobby",
        5,
        "日本語 is wide, and this message is so long that it has to be broken",
    );
    ann.hears_from("Bob", "ops", 1, "elsewhere");
    ann.hears(r#"{"type":"typing","username":"Bob","isTyping":true,"room":"lobby"}"#);
    ann.types("my answ");
    assert_eq!(
        rows(&ann),
        [
            "  #lobby  #ops 1",
            "                                                            │ People (2)",
            "                                                            │ Ann (you)",
            "                                                            │ Bob …",
            "                                                            │",
            "                                                            │",
            " ─────────────── Tuesday, 14 November 2023 ──────────────── │",
            " 22:13           Bob  hello                                 │",
            " 22:13           Ann  hi Bob ✓                              │",
            " 22:13  日本語の名前  日本語 is wide, and this message is   │",
            "                      so long that it has to be broken      │",
            " Bob is typing…",
            " › my answ",
            " ● connected · 2 people                                            Ann  F1 help",
        ]
    );
}

#[test]
fn what_became_of_our_own_messages() {
    let mut ann = ann();
    resized(&mut ann, 60, 9);
    let first = ann.enters("first");
    ann.enters("second");
    let [super::super::state::Deed::Ask(_, errand)] = &first[..] else { panic!("{first:?}") };
    ann.state.undone(errand, "Not stored: try again later.");
    assert_eq!(
        rows(&ann)[1..6],
        [
            " ─────────────── Tuesday, 14 November 2023 ────────────────",
            " 22:13  Ann  first",
            "             ✗ not delivered: Not stored: try again later.",
            "             (/retry sends it again)",
            " 22:13  Ann  second …",
        ]
    );
}

#[test]
fn the_connection_in_words() {
    let mut ann = ann();
    let below =
        |ann: &Person| rows(ann)[21..].iter().map(|row| row[..].to_owned()).collect::<Vec<_>>();
    let after = std::time::Duration::from_millis(2300);
    ann.feels(ClientState::Reconnecting { after, lost: Lost::Dead });
    let [why, _, status] = &below(&ann)[..] else { panic!("three rows") };
    assert_eq!(why, " the server does not answer any more");
    assert!(status.starts_with(" ○ not connected · retry in 3 s (Ctrl-R: now) "), "{status}");
    ann.now.at += after;
    assert!(below(&ann)[2].starts_with(" ○ not connected · trying again "));
    ann.feels(ClientState::Connecting);
    assert!(below(&ann)[2].starts_with(" ◌ connecting to ws://127.0.0.1:8080/ws "));
}

#[test]
fn hostile_text_breaks_neither_the_terminal_nor_the_layout() {
    let mut ann = ann();
    let zalgo = format!("e{}", "\u{301}\u{323}".repeat(200));
    for (seq, text) in [
        "\u{1b}[2J\u{9b}31m",
        "\u{202e}gnp.exe",
        "a\u{200b}\u{2060}\u{feff}b",
        &zalgo,
        "\r\n\r\n\t\u{7}",
    ]
    .iter()
    .enumerate()
    {
        ann.hears_from("\\u001b[31m\\u202e\\nEve", "lobby", 3 + seq as u64, text);
    }
    for row in rows(&ann) {
        assert!(
            !row.chars().any(|c| c.is_control() || c == '\u{202e}' || c == '\u{200b}'),
            "{row:?}"
        );
        assert!(super::super::text::width(&row) <= 80, "{row:?}");
    }
}

#[test]
fn it_is_drawn_in_every_look_and_however_small_the_screen_is() {
    let mut ann = ann();
    (3..40).for_each(|seq| ann.hears_from("Bob", "lobby", seq, "some words 日本語\nand more"));
    ann.types(&"日本語 ".repeat(40));
    for choice in [Choice::Dark, Choice::Light, Choice::Plain] {
        for (width, height) in (0..30).flat_map(|width| (0..12).map(move |height| (width, height)))
        {
            resized(&mut ann, width, height);
            ann.state.shows_help = (width + height) % 3 == 0;
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            draw(&ann.state, &look(choice), ann.now.at, &mut buffer);
        }
    }
}

#[test]
fn a_click_finds_what_is_drawn_there() {
    let mut ann = ann();
    ann.is_in("ops");
    let screen = rows(&ann);
    let x = screen[0].find("#ops").expect("it is drawn") as u16;
    assert_eq!(tab_at(&ann.state, x), Some(1));
    assert_eq!(tab_at(&ann.state, 79), None);
    let y = screen.iter().position(|row| row.contains("│ Bob")).expect("he is drawn");
    assert_eq!(person_at(&ann.state, y as u16).as_deref(), Some("Bob"));
    assert_eq!(person_at(&ann.state, 1), None);
}
