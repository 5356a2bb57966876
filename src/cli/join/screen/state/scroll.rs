//! Looking back.

use super::super::draw::{Layout, rows_of};
use super::State;
use super::tab::Anchor;

impl State {
    /// Moves the view by so many rows, upwards if positive.
    pub(super) fn scroll(&mut self, rows: isize) {
        let height = Layout::of(self).timeline.height as usize;
        if height == 0 || self.tab().timeline.len() == 0 {
            return;
        }
        let moved = match rows {
            0.. => self.up(rows as usize, height),
            _ => self.down(rows.unsigned_abs()),
        };
        self.tab_mut().anchor = moved;
        if moved.is_none() {
            self.look();
        }
    }

    pub(super) fn scroll_to_end(&mut self) {
        self.tab_mut().anchor = None;
        self.look();
    }

    /// Where the bottom of the view is: which entry, and how many of its rows are
    /// below.
    fn bottom(&self) -> (usize, usize) {
        let tab = self.tab();
        let last = tab.timeline.len() - 1;
        let Some(anchor) = tab.anchor else { return (last, 0) };
        match tab.timeline.index_of(anchor.uid) {
            Some(index) => (index, anchor.below.min(rows_of(self, index) - 1)),
            // It has been forgotten, so it was the oldest.
            None => (0, 0),
        }
    }

    fn anchor(&self, index: usize, below: usize) -> Option<Anchor> {
        let uid = self.tab().timeline.get(index)?.uid;
        Some(Anchor { uid, below })
    }

    fn up(&mut self, rows: usize, height: usize) -> Option<Anchor> {
        let (mut index, mut below) = self.bottom();
        let mut wanted = rows;
        // As far up as there are rows to fill the view with.
        let mut above = rows_of(self, index) - below;
        let mut top = index;
        while above < height.saturating_add(wanted) && top > 0 {
            top -= 1;
            above += rows_of(self, top);
        }
        if above < height.saturating_add(wanted) {
            wanted = above.saturating_sub(height);
            self.want_older();
        }
        while wanted > 0 {
            let here = rows_of(self, index) - below;
            if wanted < here {
                below += wanted;
                break;
            }
            wanted -= here;
            index = index.checked_sub(1)?;
            below = 0;
        }
        let is_end = index + 1 == self.tab().timeline.len() && below == 0;
        if is_end { None } else { self.anchor(index, below) }
    }

    fn down(&self, rows: usize) -> Option<Anchor> {
        let (mut index, mut below) = self.bottom();
        let mut wanted = rows;
        while wanted > below {
            wanted -= below + 1;
            index += 1;
            if index == self.tab().timeline.len() {
                return None;
            }
            below = rows_of(self, index) - 1;
        }
        below -= wanted;
        let is_end = index + 1 == self.tab().timeline.len() && below == 0;
        if is_end { None } else { self.anchor(index, below) }
    }
}
