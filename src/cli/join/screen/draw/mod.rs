//! The screen as cells, drawn from the state and nothing else.

mod bars;
mod help;
mod input;
mod layout;
mod people;
#[cfg(test)]
mod random;
mod rows;
#[cfg(test)]
mod tests;

use std::time::Instant;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use ratatui_core::text::Line;

pub(super) use self::bars::tab_at;
pub(super) use self::layout::Layout;
pub(super) use self::people::person_at;
pub(super) use self::rows::rows_of;
use super::look::Look;
use super::state::State;

/// Draws everything. Where the cursor is to be, if it is to be seen.
pub(super) fn draw(
    state: &State,
    look: &Look,
    now: Instant,
    buffer: &mut Buffer,
) -> Option<Position> {
    buffer.reset();
    let layout = Layout::of(state);
    bars::tabs(state, look, layout.tabs, buffer);
    timeline(state, look, layout.timeline, buffer);
    if let Some(area) = layout.people {
        people::draw(state, look, area, buffer);
    }
    bars::hint(state, look, layout.hint, buffer);
    let cursor = input::draw(state, look, layout.input, buffer);
    bars::status(state, look, now, layout.status, buffer);
    if state.shows_help {
        help::draw(look, buffer);
        return None;
    }
    cursor
}

/// The entries that fit, the last one at the bottom.
fn timeline(state: &State, look: &Look, area: Rect, buffer: &mut Buffer) {
    let tab = state.tab();
    let (mut end, mut below) = (tab.timeline.len(), 0);
    if let Some(anchor) = tab.anchor {
        let index = tab.timeline.index_of(anchor.uid).unwrap_or(0);
        (end, below) = (index + 1, anchor.below);
    }
    let height = usize::from(area.height);
    let mut shown: Vec<Line<'static>> = Vec::new();
    for index in (0..end).rev() {
        let mut rows = rows::rows(state, index, look);
        let below = std::mem::take(&mut below).min(rows.len().saturating_sub(1));
        rows.truncate(rows.len() - below);
        shown.extend(rows.into_iter().rev());
        if shown.len() >= height {
            break;
        }
    }
    if end == 0 {
        shown.push(rows::nothing(state, look));
    }
    shown.truncate(height);
    for (y, row) in (area.top()..area.bottom()).rev().zip(&shown) {
        buffer.set_line(area.x, y, row, area.width);
    }
}

/// Writes a line in a row of this area, if it has that row.
fn put(buffer: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) {
    if row < area.height {
        buffer.set_line(area.x, area.y + row, line, area.width);
    }
}
