//! The text that is being written.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use ratatui_core::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::super::look::Look;
use super::super::state::{Editor, State};
use super::super::text;
use super::put;

const PROMPT: &str = " › ";
const MARGIN: u16 = 3;

/// The rows of the text, and where in them the cursor is: row and cell.
pub(super) fn rows(editor: &Editor, width: u16) -> (Vec<String>, (usize, usize)) {
    // A cell at the end is for the cursor.
    let width = usize::from(width.saturating_sub(MARGIN + 1)).max(2);
    let mut rows = vec![String::new()];
    let (mut used, mut cursor) = (0, (0, 0));
    for (at, grapheme) in editor.text().grapheme_indices(true) {
        if at == editor.cursor() {
            cursor = (rows.len() - 1, used);
        }
        let cells = text::width(grapheme);
        if grapheme == "\n" || used + cells > width {
            rows.push(String::new());
            used = 0;
        }
        if grapheme != "\n" {
            if at == editor.cursor() {
                cursor = (rows.len() - 1, used);
            }
            used += cells;
            rows.last_mut().expect("there is one").push_str(grapheme);
        }
    }
    if editor.cursor() == editor.text().len() {
        cursor = (rows.len() - 1, used);
    }
    (rows, cursor)
}

pub(super) fn draw(
    state: &State,
    look: &Look,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let editor = &state.tab().editor;
    let (rows, (row, cell)) = rows(editor, area.width);
    let height = usize::from(area.height).max(1);
    // The row of the cursor is in the view.
    let first = (row + 1).saturating_sub(height);
    for (y, row) in (0..area.height).zip(rows.iter().skip(first)) {
        let prompt = if y == 0 { PROMPT } else { "   " };
        let line = Line::from(vec![Span::styled(prompt, look.good), Span::raw(row.clone())]);
        put(buffer, area, y, &line);
    }
    if editor.text().is_empty() {
        let label = state.tab().label();
        let line = Line::from(vec![
            Span::styled(PROMPT, look.good),
            Span::styled(format!("write to {label}"), look.dim),
        ]);
        put(buffer, area, 0, &line);
    }
    let at = Position::new(area.x + MARGIN + cell as u16, area.y + (row - first) as u16);
    area.contains(at).then_some(at)
}
