//! What the keys, the mouse and the terminal do.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui_core::layout::{Position, Size};

use super::super::draw::{self, Layout};
use super::editor::Way;
use super::{Deed, Now, Place, State};

/// Rows that one turn of the wheel moves.
const WHEEL: isize = 3;

impl State {
    /// Something comes from the terminal.
    pub(in super::super) fn input(&mut self, event: &Event, now: Now) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(*key, now),
            Event::Paste(text) => {
                self.end_completion();
                self.write(text, now);
            }
            Event::Mouse(mouse) => self.mouse(*mouse, now),
            Event::Resize(width, height) => self.size = Size::new(*width, *height),
            Event::FocusGained => {
                self.is_focused = true;
                self.look();
            }
            Event::FocusLost => {
                self.is_focused = false;
                self.tab_mut().leave();
            }
            Event::Key(_) => {}
        }
    }

    fn key(&mut self, key: KeyEvent, now: Now) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        if matches!(self.link, super::Link::Closed { .. }) && is_end(key) {
            self.is_over = true;
            return;
        }
        self.hint = None;
        if key.code != KeyCode::Tab {
            self.end_completion();
        }
        if self.shows_help {
            self.shows_help = false;
            if !control {
                return;
            }
        }
        match key.code {
            KeyCode::Char(c) if control => self.control(c, now),
            KeyCode::Char(c) if alt => self.alt(c),
            KeyCode::Char(c) => self.write(c.encode_utf8(&mut [0; 4]), now),
            KeyCode::Enter if alt => self.write("\n", now),
            KeyCode::Enter => self.submit(now),
            KeyCode::Tab if self.tab().editor.text().is_empty() => self.next(1),
            KeyCode::Tab => self.complete(),
            KeyCode::BackTab => self.next(-1),
            KeyCode::Backspace if alt => self.cut(Way::WordLeft),
            KeyCode::Backspace => self.erase(Way::Left),
            KeyCode::Delete => self.erase(Way::Right),
            KeyCode::Left if control || alt => self.go(Way::WordLeft),
            KeyCode::Right if control || alt => self.go(Way::WordRight),
            KeyCode::Left => self.go(Way::Left),
            KeyCode::Right => self.go(Way::Right),
            KeyCode::Home if control => self.scroll(isize::MAX),
            KeyCode::End if control => self.scroll_to_end(),
            KeyCode::Home => self.go(Way::Start),
            KeyCode::End => self.go(Way::End),
            KeyCode::Up if control => self.scroll(1),
            KeyCode::Down if control => self.scroll(-1),
            KeyCode::Up => self.recall.back(&mut self.tabs[self.current].editor),
            KeyCode::Down => self.recall.forth(&mut self.tabs[self.current].editor),
            KeyCode::PageUp if control => self.next(-1),
            KeyCode::PageDown if control => self.next(1),
            KeyCode::PageUp => self.scroll(self.page()),
            KeyCode::PageDown => self.scroll(-self.page()),
            KeyCode::Esc => self.scroll_to_end(),
            KeyCode::F(1) => self.shows_help = true,
            KeyCode::F(2) => {
                self.has_mouse = !self.has_mouse;
                let words = match self.has_mouse {
                    true => "the mouse is ours again",
                    false => "the mouse is the terminal's: mark and copy; F2 takes it back",
                };
                self.say_hint(words, now);
                self.deeds.push(Deed::Mouse(self.has_mouse));
            }
            _ => {}
        }
        if self.tab().editor.text().is_empty() {
            self.stop_typing();
        }
    }

    fn control(&mut self, c: char, now: Now) {
        match c {
            'c' if self.tab().editor.text().is_empty() => self.leave(now),
            'c' => drop(self.tab_mut().editor.take()),
            'd' if self.tab().editor.text().is_empty() => self.leave(now),
            'd' => self.erase(Way::Right),
            'a' => self.go(Way::Start),
            'e' => self.go(Way::End),
            'b' => self.go(Way::Left),
            'f' => self.go(Way::Right),
            'h' => self.erase(Way::Left),
            'j' => self.write("\n", now),
            'k' => self.cut(Way::End),
            'u' => self.cut(Way::Start),
            'w' => self.cut(Way::WordLeft),
            'y' => {
                let cut = self.cut.clone();
                self.write(&cut, now);
            }
            'n' => self.next(1),
            'p' => self.next(-1),
            'r' => self.deeds.push(Deed::Reconnect),
            'z' => self.deeds.push(Deed::Suspend),
            _ => {}
        }
    }

    fn alt(&mut self, c: char) {
        match c {
            '1'..='9' => self.switch(c as usize - '1' as usize),
            'a' => self.next_unread(),
            'b' => self.go(Way::WordLeft),
            'd' => self.cut(Way::WordRight),
            'f' => self.go(Way::WordRight),
            _ => {}
        }
    }

    fn go(&mut self, way: Way) {
        self.tab_mut().editor.go(way);
    }

    fn erase(&mut self, way: Way) {
        self.tab_mut().editor.cut(way);
    }

    /// Takes something out, to be put elsewhere.
    fn cut(&mut self, way: Way) {
        let cut = self.tab_mut().editor.cut(way);
        if !cut.is_empty() {
            self.cut = cut;
        }
    }

    fn write(&mut self, text: &str, now: Now) {
        if !self.tab_mut().editor.insert(text) {
            self.say_hint("that is too much for one message; the end is missing", now);
        }
        let text = self.tab().editor.text();
        let is_command = text.starts_with('/') && !text.starts_with("//");
        if !is_command && !text.is_empty() && self.announced.typed(now.at) {
            let place = self.tab().place.clone();
            self.deeds.push(Deed::Typing(place, true));
        }
    }

    fn next(&mut self, step: isize) {
        let count = self.tabs.len() as isize;
        let index = (self.current as isize + step).rem_euclid(count);
        self.switch(index as usize);
    }

    /// The next tab with something new, one that calls us before others.
    fn next_unread(&mut self) {
        let count = self.tabs.len();
        let others = (1..count).map(|step| (self.current + step) % count);
        let unread = others.filter(|&index| self.tabs[index].unread > 0);
        if let Some(index) = unread.min_by_key(|&index| !self.tabs[index].is_called) {
            self.switch(index);
        }
    }

    fn page(&self) -> isize {
        (Layout::of(self).timeline.height as isize - 2).max(1)
    }

    fn mouse(&mut self, mouse: MouseEvent, now: Now) {
        match mouse.kind {
            MouseEventKind::ScrollUp => self.scroll(WHEEL),
            MouseEventKind::ScrollDown => self.scroll(-WHEEL),
            MouseEventKind::Down(MouseButton::Left) => {
                self.shows_help = false;
                self.click(Position::new(mouse.column, mouse.row), now);
            }
            _ => {}
        }
    }

    fn click(&mut self, at: Position, now: Now) {
        let layout = Layout::of(self);
        if layout.tabs.contains(at) {
            if let Some(index) = draw::tab_at(self, at.x) {
                self.switch(index);
            }
        } else if layout.people.is_some_and(|people| people.contains(at)) {
            let Some(name) = draw::person_at(self, at.y) else { return };
            if name != self.me {
                let index = match self.person_named(&name) {
                    Some(index) => index,
                    None => self.open(Place::Person(name), now),
                };
                self.switch(index);
            }
        } else if layout.hint.contains(at) {
            self.scroll_to_end();
        }
    }
}

/// Whether this key ends a screen on which nothing happens any more.
fn is_end(key: KeyEvent) -> bool {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    matches!(key.code, KeyCode::Enter | KeyCode::Esc)
        || (is_control && matches!(key.code, KeyCode::Char('c' | 'd')))
}
