//! Whatever happens, in whatever order.

use std::time::Duration;

use crossterm::event::{
    Event as Input, KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use proptest::prelude::*;
use wirechat::client::{Lost, State as ClientState};

use super::super::state::Deed;
use super::super::state::tests::ann;
use super::tests::{resized, rows};

/// Something that may happen.
#[derive(Clone, Debug)]
enum Happening {
    Key(KeyCode, KeyModifiers),
    Line(String),
    Paste(String),
    Click(u16, u16),
    Size(u16, u16),
    Object(String),
    Undone,
    Lost,
    Pause,
}

fn happening() -> impl Strategy<Value = Happening> {
    use KeyCode::*;
    let codes = [
        Enter,
        Tab,
        BackTab,
        Backspace,
        Delete,
        Left,
        Right,
        Up,
        Down,
        Home,
        End,
        PageUp,
        PageDown,
        Esc,
        F(1),
        Char('a'),
        Char('c'),
        Char('w'),
        Char('y'),
        Char('1'),
        Char('日'),
        Char('/'),
    ];
    let modifiers = [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT];
    let lines = [
        "hello",
        "/join ops",
        "/join tea",
        "/part",
        "/msg Bob hi",
        "/msg Eve",
        "/who",
        "/rooms",
        "/history 5",
        "/nick Anna",
        "/retry",
        "/help",
        "//x",
        "/nonsense",
    ];
    let texts = "(\\PC|\u{1b}|\n|\u{301}|\u{202e}|\u{200d}|日| ){0,60}";
    let object = (0..8u8, 0..3u8, "[a-z]{1,3}|Ann|Bob", 0..12u64, texts).prop_map(
        |(kind, room, name, seq, text)| {
            let room = ["lobby", "ops", "tea"][room as usize];
            let object = match kind {
                0 => serde_json::json!({"type": "joined", "room": room, "user": "Ann",
                    "epoch": seq / 6, "seq": seq, "users": ["Ann", name], "count": seq + 2}),
                1 => serde_json::json!({"type": "private", "from": name, "to": "Ann",
                    "content": text, "timestamp": seq, "id": format!("p-{seq}")}),
                2 => serde_json::json!({"type": "typing", "username": name, "isTyping": seq > 3,
                    "room": room}),
                3 => serde_json::json!({"type": "message", "username": "System",
                    "content": text, "room": room, "event": "rename", "user": name, "was": "Bob"}),
                4 => serde_json::json!({"type": "history", "room": room, "epoch": seq / 6,
                    "messages": [{"type": "message", "username": name, "content": text,
                    "room": room, "seq": seq, "id": format!("e-{seq}")}], "more": seq > 5}),
                5 => serde_json::json!({"type": "error", "code": "x", "content": text}),
                _ => serde_json::json!({"type": "message", "username": name, "content": text,
                    "timestamp": seq * 20_000_000, "room": room, "seq": seq,
                    "id": format!("e-{seq}")}),
            };
            object.to_string()
        },
    );
    prop_oneof![
        8 => (prop::sample::select(codes.to_vec()), prop::sample::select(modifiers.to_vec()))
            .prop_map(|(code, modifiers)| Happening::Key(code, modifiers)),
        4 => prop::sample::select(lines.to_vec()).prop_map(|it| Happening::Line(it.to_owned())),
        2 => texts.prop_map(Happening::Paste),
        2 => (0..130u16, 0..50u16).prop_map(|(x, y)| Happening::Click(x, y)),
        1 => (0..130u16, 0..50u16).prop_map(|(x, y)| Happening::Size(x, y)),
        8 => object.prop_map(Happening::Object),
        1 => Just(Happening::Undone),
        1 => Just(Happening::Lost),
        1 => Just(Happening::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens_it_can_be_drawn_and_nothing_in_it_commands_the_terminal(
        happenings in prop::collection::vec(happening(), 1..80)
    ) {
        let mut ann = ann();
        let mut errands = Vec::new();
        for happening in happenings {
            match happening {
                Happening::Key(code, modifiers) => ann.press(code, modifiers),
                Happening::Line(line) => {
                    ann.types(&line);
                    ann.key(KeyCode::Enter);
                }
                Happening::Paste(text) => ann.state.input(&Input::Paste(text), ann.now),
                Happening::Click(column, row) => {
                    let kind = MouseEventKind::Down(MouseButton::Left);
                    let modifiers = KeyModifiers::NONE;
                    let mouse = MouseEvent { kind, column, row, modifiers };
                    ann.state.input(&Input::Mouse(mouse), ann.now);
                }
                Happening::Size(width, height) => resized(&mut ann, width, height),
                Happening::Object(json) => ann.hears(&json),
                Happening::Undone => {
                    if let Some(errand) = errands.pop() {
                        ann.state.undone(&errand, "no");
                    }
                }
                Happening::Lost => {
                    let after = Duration::from_secs(3);
                    ann.feels(ClientState::Reconnecting { after, lost: Lost::Silent });
                }
                Happening::Pause => {
                    ann.now.at += Duration::from_secs(2);
                    ann.state.tick(ann.now);
                }
            }
            for deed in ann.state.take_deeds() {
                if let Deed::Ask(_, errand) = deed {
                    errands.push(errand);
                }
            }
            for row in rows(&ann) {
                prop_assert!(!row.chars().any(char::is_control), "{row:?}");
                prop_assert!(!row.contains('\u{202e}'), "{row:?}");
            }
        }
    }
}
