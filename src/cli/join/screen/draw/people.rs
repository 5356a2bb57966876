//! Who is in the room.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::text::{Line, Span};

use super::super::look::Look;
use super::super::state::State;
use super::super::text::{self, shorten};
use super::{Layout, put};

pub(super) fn draw(state: &State, look: &Look, area: Rect, buffer: &mut Buffer) {
    let people = &state.tab().people;
    for y in area.top()..area.bottom() {
        buffer.set_string(area.x, y, "│", look.dim);
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let title = Line::styled(format!("People ({})", people.count), look.dim);
    put(buffer, inner, 0, &title);
    let names = shown(state, area);
    for (row, name) in (1..).zip(names) {
        put(buffer, inner, row, &entry(state, look, name, usize::from(inner.width)));
    }
    let hidden = people.count - names.len() as u64;
    if hidden > 0 {
        let words = Line::styled(format!("and {hidden} more: /who"), look.dim);
        put(buffer, inner, inner.height - 1, &words);
    }
}

/// The names that there is room for, below the title and, if these are not all,
/// above the number of those that are not shown.
fn shown(state: &State, area: Rect) -> &[String] {
    let people = &state.tab().people;
    let room = usize::from(area.height.saturating_sub(1));
    let is_enough = people.names.len() <= room && people.count == people.names.len() as u64;
    let room = if is_enough { room } else { room.saturating_sub(1) };
    &people.names[..people.names.len().min(room)]
}

fn entry(state: &State, look: &Look, name: &str, width: usize) -> Line<'static> {
    let is_me = name == state.me;
    let types = state.tab().typists.has(name);
    let behind = match () {
        () if is_me => " (you)",
        () if types => " …",
        () => "",
    };
    let shown = shorten(&text::name(name), width.saturating_sub(behind.len()));
    Line::from(vec![Span::styled(shown, look.name(name)), Span::styled(behind, look.dim)])
}

/// Whose name stands in this row of the screen.
pub(in super::super) fn person_at(state: &State, y: u16) -> Option<String> {
    let area = Layout::of(state).people?;
    let row = usize::from(y.checked_sub(area.y + 1)?);
    shown(state, area).get(row).cloned()
}
