//! The rows above and below the conversation: tabs, who types, the connection.

use std::ops::Range;
use std::time::Instant;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;
use ratatui_core::text::{Line, Span};

use super::super::look::Look;
use super::super::state::{Link, Place, State};
use super::super::text::{self, shorten};
use super::put;

/// Cells of the longest name on a tab.
const MAX_LABEL: usize = 20;

pub(super) fn tabs(state: &State, look: &Look, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    buffer.set_style(area, look.bar);
    let shown = shown_tabs(state, area.width);
    let (first, last) = (shown.first().map_or(0, |it| it.0), shown.last().map_or(0, |it| it.0));
    for (index, cells) in shown {
        let tab = &state.tabs()[index];
        let style = match () {
            () if index == state.current() => look.chosen,
            () if tab.is_called => look.call,
            () if tab.unread > 0 => look.news,
            () => look.bar,
        };
        buffer.set_string(cells.start, area.y, title(state, index), style);
    }
    // There are more on that side.
    if first > 0 {
        buffer.set_string(area.x, area.y, "‹", look.news);
    }
    if last + 1 < state.tabs().len() {
        buffer.set_string(area.right() - 1, area.y, "›", look.news);
    }
}

fn title(state: &State, index: usize) -> String {
    let tab = &state.tabs()[index];
    let label = shorten(&tab.label(), MAX_LABEL);
    match tab.unread {
        0 => format!(" {label} "),
        1..1000 => format!(" {label} {} ", tab.unread),
        _ => format!(" {label} 999+ "),
    }
}

/// The tabs that there is room for, the current one among them, with their cells.
fn shown_tabs(state: &State, width: u16) -> Vec<(usize, Range<u16>)> {
    let width = usize::from(width).saturating_sub(2);
    let cells: Vec<usize> =
        (0..state.tabs().len()).map(|index| text::width(&title(state, index))).collect();
    let mut first = state.current();
    let mut used = cells[first];
    while first > 0 && used + cells[first - 1] <= width {
        first -= 1;
        used += cells[first];
    }
    let mut shown = Vec::new();
    let mut x = 1;
    for (index, cells) in cells.iter().enumerate().skip(first) {
        if index > state.current() && x + cells > width + 1 {
            break;
        }
        let end = (x + cells).min(width + 1);
        shown.push((index, x as u16..end as u16));
        x += cells;
    }
    shown
}

/// Which tab is there.
pub(in super::super) fn tab_at(state: &State, x: u16) -> Option<usize> {
    let shown = shown_tabs(state, state.size.width);
    shown.into_iter().find(|(_, cells)| cells.contains(&x)).map(|(index, _)| index)
}

/// A word to the person, why there is no connection, what is below the view, or
/// who types.
pub(super) fn hint(state: &State, look: &Look, area: Rect, buffer: &mut Buffer) {
    let tab = state.tab();
    let (words, style) = if let Some(hint) = &state.hint {
        (hint.words.clone(), look.warning)
    } else if let Link::Waiting { why, .. } | Link::Closed { why } = &state.link {
        (why.clone(), look.bad)
    } else if tab.anchor.is_some() {
        let words = match tab.unread {
            0 => "↓ looking back: Esc goes to the newest".to_owned(),
            count => format!("↓ {count} new: Esc goes there"),
        };
        (words, look.warning)
    } else if let Some(words) = tab.typists.in_words() {
        (words, look.dim)
    } else {
        return;
    };
    let words = shorten(&words.replace('\n', " "), usize::from(area.width).saturating_sub(2));
    put(buffer, area, 0, &Line::styled(format!(" {words}"), style));
}

pub(super) fn status(state: &State, look: &Look, now: Instant, area: Rect, buffer: &mut Buffer) {
    buffer.set_style(area, look.bar);
    let (dot, colour, words) = connection(state, look, now);
    let on_bar = |style: Style| look.bar.patch(Style { bg: None, ..style });
    let help = "F1 help ";
    let me = format!("{}  ", text::name(&state.me));
    let right = text::width(help) + text::width(&me);
    let width = usize::from(area.width);
    let words = shorten(&words, width.saturating_sub(right + 4));
    let left = Line::from(vec![
        Span::styled(format!(" {dot} "), on_bar(colour)),
        Span::styled(words, look.bar),
    ]);
    put(buffer, area, 0, &left);
    if width > right + 14 && area.height > 0 {
        let at = area.right() - right as u16;
        let (x, y) = buffer.set_span(at, area.y, &Span::styled(me, look.bar.bold()), area.width);
        buffer.set_span(x, y, &Span::styled(help, look.bar), area.width);
    }
}

fn connection(state: &State, look: &Look, now: Instant) -> (&'static str, Style, String) {
    match &state.link {
        Link::Connecting => ("◌", look.warning, format!("connecting to {}", state.address)),
        Link::Connected { plain } => {
            let mut words = "connected".to_owned();
            if let Some(latency) = state.latency {
                let millis = latency.as_secs_f64() * 1000.0;
                words += &match millis {
                    ..10.0 => format!(" · {millis:.1} ms"),
                    _ => format!(" · {millis:.0} ms"),
                };
            }
            if *plain {
                words += " · plain server";
            }
            if let (Place::Room(_), count @ 1..) = (&state.tab().place, state.tab().people.count) {
                let noun = if count == 1 { "person" } else { "people" };
                words += &format!(" · {count} {noun}");
            }
            ("●", look.good, words)
        }
        Link::Waiting { until, .. } => {
            let left = until.saturating_duration_since(now).as_secs_f64().ceil();
            let words = match left {
                ..1.0 => "not connected · trying again".to_owned(),
                _ => format!("not connected · retry in {left} s (Ctrl-R: now)"),
            };
            ("○", look.bad, words)
        }
        Link::Closed { .. } => ("✗", look.bad, "closed · Enter leaves".to_owned()),
    }
}
