//! Cells become what a terminal understands.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::{
    Attribute, Color as TermColor, Print, SetAttribute, SetBackgroundColor, SetForegroundColor,
};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::{Position, Rect, Size};
use ratatui_core::style::{Color, Modifier};

use super::text::width;

/// Writes what has changed since the last time.
#[derive(Debug)]
pub(super) struct Painter {
    shown: Buffer,
    /// Nothing is known about what the terminal shows.
    is_lost: bool,
}

impl Painter {
    pub(super) fn new() -> Painter {
        Painter { shown: Buffer::empty(Rect::default()), is_lost: true }
    }

    /// The terminal may show anything: the next picture is a whole one.
    pub(super) fn forget(&mut self) {
        self.is_lost = true;
    }

    /// Shows what `draw` draws, and the cursor where it says.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub(super) fn paint(
        &mut self,
        out: &mut impl Write,
        size: Size,
        draw: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<()> {
        let area = Rect::new(0, 0, size.width, size.height);
        let mut next = Buffer::empty(area);
        let cursor = draw(&mut next);
        queue!(out, BeginSynchronizedUpdate, Hide)?;
        if self.is_lost || self.shown.area != area {
            queue!(out, SetAttribute(Attribute::Reset), Clear(ClearType::All))?;
            self.shown = Buffer::empty(area);
            self.is_lost = false;
        }
        write_cells(out, changed(&self.shown, &next))?;
        if let Some(Position { x, y }) = cursor {
            queue!(out, MoveTo(x, y), Show)?;
        }
        queue!(out, EndSynchronizedUpdate)?;
        self.shown = next;
        out.flush()
    }
}

/// The cells to be written. A wide character takes the cell behind it too: where
/// one was, that is written anew, since not every terminal clears it.
fn changed<'a>(shown: &'a Buffer, next: &'a Buffer) -> impl Iterator<Item = (u16, u16, &'a Cell)> {
    let (mut covered, mut doubtful) = (0, 0);
    let cells = shown.content.iter().zip(&next.content).enumerate();
    cells.filter_map(move |(index, (old, new))| {
        let is_written = covered == 0 && (old != new || doubtful > 0);
        let (old_width, new_width) = (width(old.symbol()), width(new.symbol()));
        covered = if covered > 0 { covered - 1 } else { new_width.saturating_sub(1) };
        doubtful = doubtful.max(old_width).max(new_width).saturating_sub(1);
        let (x, y) = next.pos_of(index);
        is_written.then_some((x, y, new))
    })
}

fn write_cells<'a>(
    out: &mut impl Write,
    cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
) -> io::Result<()> {
    let mut style = (Color::Reset, Color::Reset, Modifier::empty());
    let mut next = None;
    queue!(out, SetAttribute(Attribute::Reset))?;
    for (x, y, cell) in cells {
        if next != Some((x, y)) {
            queue!(out, MoveTo(x, y))?;
        }
        // Terminals do not agree how wide other characters are, so after one of
        // them nobody knows where the cursor is.
        next = (cell.symbol().len() == 1).then(|| (x + 1, y));
        let wanted = (cell.fg, cell.bg, cell.modifier);
        if style != wanted {
            write_style(out, wanted)?;
            style = wanted;
        }
        queue!(out, Print(cell.symbol()))?;
    }
    queue!(out, SetAttribute(Attribute::Reset))
}

fn write_style(out: &mut impl Write, style: (Color, Color, Modifier)) -> io::Result<()> {
    let (foreground, background, modifier) = style;
    queue!(out, SetAttribute(Attribute::Reset))?;
    for (bit, attribute) in [
        (Modifier::BOLD, Attribute::Bold),
        (Modifier::DIM, Attribute::Dim),
        (Modifier::UNDERLINED, Attribute::Underlined),
        (Modifier::REVERSED, Attribute::Reverse),
    ] {
        if modifier.contains(bit) {
            queue!(out, SetAttribute(attribute))?;
        }
    }
    // All our colours are of the table of 256.
    if let Color::Indexed(number) = foreground {
        queue!(out, SetForegroundColor(TermColor::AnsiValue(number)))?;
    }
    if let Color::Indexed(number) = background {
        queue!(out, SetBackgroundColor(TermColor::AnsiValue(number)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ratatui_core::style::Style;

    use super::*;

    fn painted(painter: &mut Painter, text: &str) -> String {
        let mut out = Vec::new();
        painter
            .paint(&mut out, Size::new(10, 1), |buffer| {
                buffer.set_string(0, 0, text, Style::new());
                None
            })
            .expect("memory can be written");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn only_what_has_changed_is_written() {
        let mut painter = Painter::new();
        assert!(painted(&mut painter, "abcdef").contains("abcdef"));
        let second = painted(&mut painter, "abXdef");
        assert!(second.contains("\x1b[1;3HX") && !second.contains('a'), "{second:?}");
        painter.forget();
        assert!(painted(&mut painter, "abXdef").contains("abXdef"));
    }

    #[test]
    fn both_cells_of_a_wide_character_are_written_when_it_goes() {
        let mut painter = Painter::new();
        painted(&mut painter, "a日b");
        let second = painted(&mut painter, "a  b");
        assert!(second.contains("\x1b[1;2H  "), "{second:?}");
    }

    #[test]
    fn after_a_character_whose_width_is_doubtful_the_place_is_said_anew() {
        let written = painted(&mut Painter::new(), "a日b");
        assert!(written.contains("a日\x1b[1;4Hb"), "{written:?}");
    }
}
