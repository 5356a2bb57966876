//! The text that is being written: a cursor between the characters that a person
//! sees (grapheme clusters, UAX #29).

use unicode_segmentation::UnicodeSegmentation;

use super::super::super::view::is_harmful;

/// Bytes that are taken; more than any server does.
const MAX: usize = 16 << 10;

/// A text and a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Editor {
    text: String,
    /// A byte between two characters.
    cursor: usize,
}

/// A way through the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Way {
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
}

impl Editor {
    pub(in super::super) fn text(&self) -> &str {
        &self.text
    }

    pub(in super::super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// What there is, which is then no longer there.
    pub(in super::super) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts another text there, the cursor behind it.
    pub(in super::super) fn set(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
    }

    /// Writes at the cursor, without characters that command a terminal. Whether
    /// all of it had room.
    pub(in super::super) fn insert(&mut self, text: &str) -> bool {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
        for c in text.chars().filter(|&c| c == '\n' || !is_harmful(c)) {
            if self.text.len() + c.len_utf8() > MAX {
                return false;
            }
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
        // A mark may have joined the character before it.
        self.cursor = self.boundary_from(self.cursor);
        true
    }

    pub(in super::super) fn go(&mut self, way: Way) {
        self.cursor = self.find(way);
    }

    /// Takes out what lies on this way.
    pub(in super::super) fn cut(&mut self, way: Way) -> String {
        let to = self.find(way);
        let range = to.min(self.cursor)..to.max(self.cursor);
        let cut = self.text.drain(range.clone()).collect();
        self.cursor = self.boundary_from(range.start);
        cut
    }

    /// Puts `with` in the place of the `bytes` before the cursor.
    pub(in super::super) fn replace_before(&mut self, bytes: usize, with: &str) {
        let start = self.cursor.saturating_sub(bytes);
        self.text.replace_range(start..self.cursor, with);
        self.cursor = start + with.len();
    }

    fn find(&self, way: Way) -> usize {
        let (before, after) = self.text.split_at(self.cursor);
        match way {
            Way::Left => before.grapheme_indices(true).next_back().map_or(0, |(at, _)| at),
            Way::Right => self.cursor + after.graphemes(true).next().map_or(0, str::len),
            Way::WordLeft => {
                let words = before.trim_end_matches(|c: char| !c.is_alphanumeric());
                words
                    .rfind(|c: char| !c.is_alphanumeric())
                    .map_or(0, |at| at + words[at..].chars().next().map_or(0, char::len_utf8))
            }
            Way::WordRight => {
                let word = after.find(char::is_alphanumeric).unwrap_or(after.len());
                let end = after[word..].find(|c: char| !c.is_alphanumeric());
                self.boundary_from(self.cursor + end.map_or(after.len(), |end| word + end))
            }
            Way::Start => 0,
            Way::End => self.text.len(),
        }
    }

    /// The first boundary of characters there or behind.
    fn boundary_from(&self, at: usize) -> usize {
        let mut ends = self.text.grapheme_indices(true).map(|(start, it)| start + it.len());
        if at == 0 { 0 } else { ends.find(|&end| end >= at).unwrap_or(self.text.len()) }
    }
}

/// Lines that were sent, to be called back.
#[derive(Debug, Default)]
pub(in super::super) struct Recall {
    lines: std::collections::VecDeque<String>,
    /// Which one is shown, counted from the newest.
    shown: Option<usize>,
    /// What was being written before.
    draft: String,
}

/// Lines that are kept.
const KEPT: usize = 200;

impl Recall {
    pub(in super::super) fn keep(&mut self, line: &str) {
        self.shown = None;
        if self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }

    /// What is being written now is something else.
    pub(in super::super) fn stop(&mut self) {
        self.shown = None;
    }

    /// Shows the line before.
    pub(in super::super) fn back(&mut self, editor: &mut Editor) {
        let next = self.shown.map_or(0, |shown| shown + 1);
        if next >= self.lines.len() {
            return;
        }
        if self.shown.is_none() {
            self.draft = editor.text().to_owned();
        }
        self.show(next, editor);
    }

    /// Shows the line after, and behind the last one what was being written.
    pub(in super::super) fn forth(&mut self, editor: &mut Editor) {
        match self.shown {
            None => {}
            Some(0) => {
                self.shown = None;
                editor.set(std::mem::take(&mut self.draft));
            }
            Some(shown) => self.show(shown - 1, editor),
        }
    }

    fn show(&mut self, index: usize, editor: &mut Editor) {
        self.shown = Some(index);
        editor.set(self.lines[self.lines.len() - 1 - index].clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An editor with this text, `|` where the cursor is.
    fn editor(text: &str) -> Editor {
        let cursor = text.find('|').expect("a cursor");
        Editor { text: text.replace('|', ""), cursor }
    }

    fn shown(editor: &Editor) -> String {
        let (before, after) = editor.text.split_at(editor.cursor);
        format!("{before}|{after}")
    }

    fn after(text: &str, ways: &[Way]) -> String {
        let mut editor = editor(text);
        ways.iter().for_each(|&way| editor.go(way));
        shown(&editor)
    }

    #[test]
    fn the_cursor_goes_by_what_a_person_takes_for_one_character() {
        assert_eq!(after("👩\u{200d}👧x|", &[Way::Left, Way::Left]), "|👩\u{200d}👧x");
        assert_eq!(after("|e\u{301}日", &[Way::Right]), "e\u{301}|日");
        assert_eq!(after("|", &[Way::Left, Way::Right, Way::End]), "|");
    }

    #[test]
    fn words_are_skipped_with_what_stands_before_them() {
        assert_eq!(after("one, two|", &[Way::WordLeft]), "one, |two");
        assert_eq!(after("one, two|", &[Way::WordLeft, Way::WordLeft]), "|one, two");
        assert_eq!(after("|one, zwölf!", &[Way::WordRight, Way::WordRight]), "one, zwölf|!");
        assert_eq!(after("日本 |語", &[Way::WordLeft]), "|日本 語");
    }

    #[test]
    fn what_is_cut_comes_back() {
        let mut it = editor("one two| three");
        assert_eq!(it.cut(Way::WordLeft), "two");
        assert_eq!(it.cut(Way::End), " three");
        assert!(it.insert("x"));
        assert_eq!(shown(&it), "one x|");
        assert_eq!(it.cut(Way::Start), "one x");
        assert_eq!(it.cut(Way::Left), "");
    }

    #[test]
    fn what_is_pasted_keeps_its_lines_and_loses_its_commands() {
        let mut it = Editor::default();
        assert!(it.insert("a\r\nb\rc\td\u{1b}[31m\u{202e}"));
        assert_eq!(it.text(), "a\nb\nc    d[31m");
    }

    #[test]
    fn a_mark_joins_the_character_before_it() {
        let mut it = editor("e|x");
        assert!(it.insert("\u{301}"));
        assert_eq!(shown(&it), "e\u{301}|x");
    }

    #[test]
    fn more_than_any_server_takes_is_not_taken() {
        let mut it = Editor::default();
        assert!(!it.insert(&"x".repeat(MAX + 1)));
        assert_eq!(it.text().len(), MAX);
    }

    #[test]
    fn sent_lines_are_called_back_and_the_draft_is_not_lost() {
        let (mut recall, mut it) = (Recall::default(), editor("draft|"));
        recall.back(&mut it);
        assert_eq!(it.text(), "draft");
        for line in ["one", "two", "two"] {
            recall.keep(line);
        }
        recall.back(&mut it);
        assert_eq!(it.text(), "two");
        recall.back(&mut it);
        recall.back(&mut it);
        assert_eq!(it.text(), "one");
        recall.forth(&mut it);
        recall.forth(&mut it);
        assert_eq!(it.text(), "draft");
        recall.forth(&mut it);
        assert_eq!(it.text(), "draft");
    }
}
