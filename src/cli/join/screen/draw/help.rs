//! Commands and keys, on top of everything else.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::text::{Line, Span};

use super::super::look::Look;
use super::super::text::width;
use super::put;

const HELP: [(&str, &str); 21] = [
    ("/join ROOM", "enter a room"),
    ("/part [ROOM]", "leave it; closes a private tab"),
    ("/msg NAME [TEXT]", "talk to one person"),
    ("/who [ROOM]  /rooms", "who is there; which rooms"),
    ("/nick NAME", "go by another name"),
    ("/history N", "the last N messages"),
    ("/retry", "send again what failed"),
    ("/quit", "leave when all has arrived"),
    ("//TEXT", "say /TEXT"),
    ("", ""),
    ("Enter", "send"),
    ("Alt-Enter, Ctrl-J", "begin a new line"),
    ("Tab", "complete a name or command"),
    ("Up, Down", "what you sent before"),
    ("PageUp, PageDown, wheel", "look back"),
    ("Esc", "back to the newest"),
    ("Ctrl-N, Ctrl-P, Alt-1…9", "other tabs"),
    ("Alt-A", "the next tab with news"),
    ("Ctrl-R", "connect again now"),
    ("F2", "mouse off, to mark and copy"),
    ("Ctrl-C", "clear the line; leave"),
];

pub(super) fn draw(look: &Look, buffer: &mut Buffer) {
    let keys = HELP.iter().map(|(key, _)| width(key)).max().unwrap_or(0);
    let words = HELP.iter().map(|(_, words)| width(words)).max().unwrap_or(0);
    let inner = (keys + words + 4) as u16;
    let screen = buffer.area;
    let (wide, high) = ((inner + 2).min(screen.width), (HELP.len() as u16 + 2).min(screen.height));
    if wide < 4 {
        return;
    }
    let area = Rect::new((screen.width - wide) / 2, (screen.height - high) / 2, wide, high);
    for position in area.positions() {
        buffer[position].reset();
    }
    let side = "─".repeat(usize::from(wide.saturating_sub(2)));
    let title = " Help ";
    let top = side.chars().skip(1 + title.len()).collect::<String>();
    put(buffer, area, 0, &Line::styled(format!("╭─{title}{top}╮"), look.dim));
    for (row, (key, words)) in (1..high.saturating_sub(1)).zip(HELP) {
        let gap = " ".repeat(keys - width(key) + 2);
        let line = Line::from(vec![
            Span::styled("│ ", look.dim),
            Span::styled(key, look.strong),
            Span::raw(gap),
            Span::raw(words),
        ]);
        put(buffer, area, row, &line);
        buffer.set_string(area.right() - 1, area.y + row, "│", look.dim);
    }
    put(buffer, area, high.saturating_sub(1), &Line::styled(format!("╰{side}╯"), look.dim));
}
