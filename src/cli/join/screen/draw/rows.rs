//! Entries of the timeline as rows.

use ratatui_core::style::Style;
use ratatui_core::text::{Line, Span};

use super::super::clock::day_in_words;
use super::super::look::Look;
use super::super::state::{Entry, Kind, Mark, Older, State};
use super::super::text::{self, shorten, wrap};
use super::layout::timeline_width;

/// Cells of ` HH:MM  `.
const TIME: usize = 8;

/// Cells between the text and the right edge.
const MARGIN: usize = 1;

/// How many rows an entry has: at least one.
pub(in super::super) fn rows_of(state: &State, index: usize) -> usize {
    let Some(entry) = state.tab().timeline.get(index) else { return 1 };
    dividers(state, index, entry).count() + wrap(&body(entry), Columns::of(state).text).len()
}

/// An entry, with the dividers above it.
pub(super) fn rows(state: &State, index: usize, look: &Look) -> Vec<Line<'static>> {
    let Some(entry) = state.tab().timeline.get(index) else { return Vec::new() };
    let columns = Columns::of(state);
    let mut rows: Vec<Line<'static>> = dividers(state, index, entry)
        .map(|divider| match divider {
            Divider::Day(day) => rule(&day, columns, look.dim),
            Divider::New => rule("new", columns, look.warning),
            Divider::Beginning(words) => rule(words, columns, look.dim),
        })
        .collect();
    if let Kind::Missing(words) = &entry.kind {
        let shown = wrap(words, columns.text).into_iter();
        rows.extend(shown.map(|row| rule(row, columns, look.warning)));
        return rows;
    }
    let (name, name_style, text_style) = styles(entry, look);
    let time = match &entry.kind {
        Kind::Aside(_) | Kind::Trouble(_) => " ".repeat(TIME),
        _ => format!(" {}  ", state.clock.time(entry.time)),
    };
    let name = shorten(&name, columns.name);
    let gap = " ".repeat(columns.name - text::width(&name));
    let mut head =
        vec![Span::styled(time, look.dim), Span::raw(gap), Span::styled(name, name_style)];
    let body = body(entry);
    for row in wrap(&body, columns.text) {
        let mut line = std::mem::take(&mut head);
        if line.is_empty() {
            line.push(Span::raw(" ".repeat(TIME + columns.name)));
        }
        line.push(Span::raw("  "));
        line.push(Span::styled(row.to_owned(), text_style));
        rows.push(Line::from(line));
    }
    mark(entry, look, &mut rows, columns);
    rows
}

/// What is shown instead of entries when there are none.
pub(super) fn nothing(state: &State, look: &Look) -> Line<'static> {
    rule("nothing here yet", Columns::of(state), look.dim)
}

/// How the width is shared.
#[derive(Clone, Copy)]
struct Columns {
    all: usize,
    name: usize,
    text: usize,
}

impl Columns {
    fn of(state: &State) -> Columns {
        let all = usize::from(timeline_width(state));
        let most = match all {
            0..40 => 6,
            40..60 => 9,
            60..90 => 12,
            _ => 16,
        };
        let name = state.tab().timeline.widest_name().clamp(3, most);
        Columns { all, name, text: all.saturating_sub(TIME + name + 2 + MARGIN).max(2) }
    }
}

enum Divider {
    /// What is known about what came before all that is here.
    Beginning(&'static str),
    Day(String),
    New,
}

fn dividers(state: &State, index: usize, entry: &Entry) -> impl Iterator<Item = Divider> {
    let tab = state.tab();
    let day = state.clock.day(entry.time);
    let mut before = (0..index).rev().filter_map(|index| tab.timeline.get(index));
    // What has no time is of the day before it.
    let is_new_day = day.is_some()
        && before.find_map(|entry| state.clock.day(entry.time)).is_none_or(|it| Some(it) != day);
    let day = day.filter(|_| is_new_day).map(|day| Divider::Day(day_in_words(day)));
    let new = (tab.divider == Some(entry.uid)).then_some(Divider::New);
    let beginning = match tab.older {
        Older::Asked => Some("loading…"),
        Older::No if tab.epoch.is_some() => Some("no older messages"),
        _ => None,
    };
    let beginning = beginning.filter(|_| index == 0).map(Divider::Beginning);
    beginning.into_iter().chain(day).chain(new)
}

/// A word in the middle of a line.
fn rule(words: &str, columns: Columns, style: Style) -> Line<'static> {
    let words = shorten(words, columns.all.saturating_sub(8));
    let left = columns.all.saturating_sub(text::width(&words) + 2 + 2 * MARGIN);
    let (before, after) = (left / 2, left - left / 2);
    let line = format!(" {} {words} {} ", "─".repeat(before), "─".repeat(after));
    Line::styled(line, style)
}

/// The text of an entry, with what became of it.
fn body(entry: &Entry) -> String {
    match &entry.kind {
        Kind::Own { text, mark, .. } => match mark {
            Mark::Pending => format!("{text} …"),
            Mark::Delivered => format!("{text} ✓"),
            Mark::Failed(reason) => {
                format!("{text}\n✗ not delivered: {reason} (/retry sends it again)")
            }
        },
        Kind::Said { text, .. } => text.clone(),
        Kind::Notice(text) | Kind::Aside(text) | Kind::Trouble(text) | Kind::Missing(text) => {
            text.clone()
        }
    }
}

/// The name, its style, and that of the text.
fn styles(entry: &Entry, look: &Look) -> (String, Style, Style) {
    let usual = Style::new();
    match &entry.kind {
        Kind::Said { name, is_call: true, .. } => {
            (name.clone(), look.name(name), look.warning.bold())
        }
        Kind::Said { name, .. } => (name.clone(), look.name(name), usual),
        Kind::Own { name, mark, .. } => match mark {
            Mark::Pending => (name.clone(), look.dim, look.dim),
            Mark::Delivered => (name.clone(), look.name(name), usual),
            Mark::Failed(_) => (name.clone(), look.bad, usual),
        },
        Kind::Notice(_) => ("·".to_owned(), look.dim, look.dim),
        Kind::Aside(_) => ("i".to_owned(), look.good, look.dim),
        Kind::Trouble(_) => ("!".to_owned(), look.bad.bold(), look.bad),
        Kind::Missing(_) => (String::new(), look.warning, look.warning),
    }
}

/// Gives the mark behind what we said a style of its own.
fn mark(entry: &Entry, look: &Look, rows: &mut [Line<'static>], columns: Columns) {
    let Kind::Own { mark, text, .. } = &entry.kind else { return };
    match mark {
        Mark::Pending => {}
        Mark::Delivered => {
            let Some(span) = rows.last_mut().and_then(|row| row.spans.last().cloned()) else {
                return;
            };
            if let (Some(said), Some(row)) = (span.content.strip_suffix('✓'), rows.last_mut()) {
                let said = Span::styled(said.to_owned(), span.style);
                row.spans.pop();
                row.spans.extend([said, Span::styled("✓", look.good)]);
            }
        }
        Mark::Failed(_) => {
            let said = wrap(text, columns.text).len();
            let all = rows.len() - wrap(&body(entry), columns.text).len();
            for row in rows.iter_mut().skip(all + said) {
                if let Some(span) = row.spans.last_mut() {
                    span.style = look.bad;
                }
            }
        }
    }
}
