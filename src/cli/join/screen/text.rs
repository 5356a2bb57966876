//! Text of others, made fit for a screen: it cannot command the terminal, and it
//! is as wide as it says.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::view::is_harmful;

/// Bytes of one message that are shown.
const MAX_TEXT: usize = 8 << 10;

/// Characters of a name that are shown.
const MAX_NAME: usize = 64;

/// Marks on top of one character. No language needs more; with hundreds of them a
/// message would paint over the lines around it.
const MAX_MARKS: usize = 4;

/// A name, or anything else that stands in one line.
pub(super) fn name(text: &str) -> String {
    let short: String = text.chars().take(MAX_NAME).collect();
    clean(&short).replace('\n', "\\n")
}

/// What somebody says. It may have several lines.
pub(super) fn words(text: &str) -> String {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut words = clean(&text[..end]);
    if end < text.len() {
        words.push_str(" … (it goes on)");
    }
    words
}

/// Control characters, those that turn the direction of text and those that
/// nobody sees are written out, but line breaks stay. Joiners and variation
/// selectors are left out: no two terminals agree how wide what they make is.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.replace("\r\n", "\n").nfc() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {}
            _ if is_combining_mark(c) && !out.is_empty() => {
                marks += 1;
                if marks <= MAX_MARKS {
                    out.push(c);
                }
                continue;
            }
            _ if is_harmful(c) || c.width().is_none_or(|width| width == 0) => {
                let _ = write!(out, "{}", c.escape_unicode());
            }
            _ => out.push(c),
        }
        marks = 0;
    }
    out
}

/// Cells that this takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The text in lines of at most this many cells, broken between words where that
/// is possible.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<&str> {
    let cells = cells.max(2); // The widest character has two.
    text.split('\n').flat_map(|line| wrap_line(line, cells)).collect()
}

fn wrap_line(line: &str, cells: usize) -> Vec<&str> {
    let mut rows = Vec::new();
    let (mut start, mut used, mut gap) = (0, 0, None);
    for (at, grapheme) in line.grapheme_indices(true) {
        let wide = grapheme.width();
        if grapheme == " " && used == cells {
            // A space is as good as the end of the row.
            rows.push(&line[start..at]);
            (start, used, gap) = (at + 1, 0, None);
            continue;
        }
        while used + wide > cells && at > start {
            let cut = gap.take().unwrap_or(at);
            rows.push(line[start..cut].trim_end());
            start = cut;
            used = line[start..at].width();
        }
        used += wide;
        if grapheme == " " {
            gap = Some(at + 1);
        }
    }
    if start < line.len() || rows.is_empty() {
        rows.push(&line[start..]);
    }
    rows
}

/// The text, cut to this many cells if it is longer.
pub(super) fn shorten(text: &str, cells: usize) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let mut short = String::new();
    for grapheme in text.graphemes(true) {
        if short.width() + grapheme.width() + 1 > cells {
            break;
        }
        short.push_str(grapheme);
    }
    if cells > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_others_say_commands_the_terminal() {
        let evil = "\u{1b}]0;title\u{7}\u{9b}2J\r\u{202e}abc\u{200b}\u{2066}\u{7f}\u{ad}";
        let shown = words(evil);
        assert!(!shown.chars().any(|c| is_harmful(c) || c.width() == Some(0)), "{shown:?}");
        assert!(shown.contains("\\u{1b}]0;title\\u{7}"), "{shown}");
    }

    #[test]
    fn a_name_has_one_line_and_an_end() {
        assert_eq!(name("An\nn"), "An\\nn");
        assert!(width(&name(&"名".repeat(1000))) <= 2 * MAX_NAME);
    }

    #[test]
    fn a_character_carries_only_so_many_marks() {
        let tower = format!("e{}!", "\u{31b}\u{323}".repeat(500));
        assert!(words(&tower).chars().count() < 10);
        assert_eq!(words("नमस्ते é e\u{301}"), "नमस्ते é é");
    }

    #[test]
    fn what_terminals_measure_differently_becomes_what_they_agree_on() {
        assert_eq!(words("👩\u{200d}👧 ❤\u{fe0f}"), "👩👧 ❤");
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let shown = words(&"€".repeat(10_000));
        assert!(shown.len() < MAX_TEXT + 32 && shown.ends_with("(it goes on)"));
    }

    #[test]
    fn lines_break_between_words_and_within_those_that_are_too_long() {
        assert_eq!(wrap("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(wrap("four more", 4), ["four", "more"]);
        assert_eq!(wrap("four ", 4), ["four"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("a bcdefgh", 4), ["a", "bcde", "fgh"]);
        assert_eq!(wrap("one\n\n  two", 10), ["one", "", "  two"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("日本語日本語", 5), ["日本", "語日", "本語"]);
    }

    #[test]
    fn no_row_is_wider_than_asked_for() {
        for text in [" 日 a本b語", "a  b   c    d", "x日x日x日", "       "] {
            for cells in 2..9 {
                let rows = wrap(text, cells);
                assert!(rows.iter().all(|row| width(row) <= cells), "{text:?} {cells} {rows:?}");
            }
        }
    }

    #[test]
    fn what_is_too_long_ends_with_dots() {
        assert_eq!(shorten("Annabelle", 9), "Annabelle");
        assert_eq!(shorten("Annabelle", 5), "Anna…");
        assert_eq!(shorten("日本語", 4), "日…");
        assert_eq!(shorten("x", 0), "");
    }
}
