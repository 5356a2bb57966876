//! What is where.

use ratatui_core::layout::Rect;

use super::super::state::{Place, State};
use super::input;

/// From this width on there is room for a list of people.
const WITH_PEOPLE: u16 = 72;
const WIDE: u16 = 100;

/// From this height on too.
const HIGH_ENOUGH: u16 = 9;

/// Rows of the text that is being written, at most.
const MAX_INPUT: u16 = 5;

#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Layout {
    pub(in super::super) tabs: Rect,
    pub(in super::super) timeline: Rect,
    pub(in super::super) people: Option<Rect>,
    /// Who types, or a word to the person.
    pub(in super::super) hint: Rect,
    pub(in super::super) input: Rect,
    pub(in super::super) status: Rect,
}

impl Layout {
    pub(in super::super) fn of(state: &State) -> Layout {
        let (width, height) = (state.size.width, state.size.height);
        let rows = input::rows(&state.tab().editor, width).0.len();
        let rows = u16::try_from(rows).unwrap_or(MAX_INPUT).min(MAX_INPUT);
        // The input matters most, then the status, the tabs, the hint.
        let mut left = height;
        let mut take = |rows: u16| {
            let rows = rows.min(left);
            left -= rows;
            rows
        };
        let (input, status, tabs, hint) = (take(rows), take(1), take(1), take(1));
        let strip = |y: u16, height: u16| Rect::new(0, y, width, height);
        let body = strip(tabs, left);
        let people = people_width(state);
        Layout {
            tabs: strip(0, tabs),
            timeline: Rect { width: timeline_width(state), ..body },
            people: people.map(|it| Rect { x: width - it, width: it, ..body }),
            hint: strip(tabs + left, hint),
            input: strip(tabs + left + hint, input),
            status: strip(tabs + left + hint + input, status),
        }
    }
}

/// Cells of a row of the conversation.
pub(super) fn timeline_width(state: &State) -> u16 {
    state.size.width - people_width(state).unwrap_or(0)
}

fn people_width(state: &State) -> Option<u16> {
    let is_room = matches!(state.tab().place, Place::Room(_));
    let has_list = is_room && state.size.height >= HIGH_ENOUGH;
    match state.size.width {
        WIDE.. if has_list => Some(26),
        WITH_PEOPLE.. if has_list => Some(20),
        _ => None,
    }
}
