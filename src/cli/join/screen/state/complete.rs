//! Completion of names, rooms and commands.

use super::{Place, State};

const COMMANDS: [&str; 9] =
    ["help", "history", "join", "msg", "nick", "part", "quit", "retry", "rooms"];

/// What the word before the cursor may become, one after the other.
#[derive(Debug)]
pub(super) struct Completion {
    candidates: Vec<String>,
    shown: usize,
    /// Bytes before the cursor that the shown one takes.
    length: usize,
}

impl State {
    /// Completes what stands before the cursor; asked again, with the next that
    /// fits.
    pub(super) fn complete(&mut self) {
        let mut completion = match self.completion.take() {
            Some(Completion { candidates, shown, length }) => {
                let shown = (shown + 1) % candidates.len();
                Completion { candidates, shown, length }
            }
            None => match self.candidates() {
                Some(completion) => completion,
                None => return,
            },
        };
        let with = &completion.candidates[completion.shown];
        self.tabs[self.current].editor.replace_before(completion.length, with);
        completion.length = with.len();
        self.completion = Some(completion);
    }

    fn candidates(&self) -> Option<Completion> {
        let editor = &self.tab().editor;
        let before = &editor.text()[..editor.cursor()];
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let (start, word) = match before.strip_prefix("/msg ") {
            // A name may have spaces in it.
            Some(name) if !name.is_empty() => (5, name),
            _ => (start, &before[start..]),
        };
        let fits = |name: &str| {
            let key = word.trim_start_matches(['#', '@']).to_lowercase();
            !name.is_empty() && name.to_lowercase().starts_with(&key)
        };
        let is_room = word.starts_with('#')
            || ["/join ", "/part ", "/who "].iter().any(|command| before.starts_with(command));
        let candidates: Vec<String> = if start == 0 && word.starts_with('/') {
            let command = word[1..].to_lowercase();
            let all = COMMANDS.into_iter().chain(["who"]);
            all.filter(|it| it.starts_with(&command)).map(|it| format!("/{it} ")).collect()
        } else if is_room {
            let open = self.tabs.iter().filter_map(|tab| match &tab.place {
                Place::Room(room) => Some(room),
                _ => None,
            });
            let mut rooms: Vec<&String> = open.chain(&self.rooms).collect();
            rooms.sort();
            rooms.dedup();
            rooms.into_iter().filter(|room| fits(room)).map(|room| format!("#{room} ")).collect()
        } else if word.is_empty() {
            Vec::new()
        } else {
            let behind = if start == 0 { ": " } else { " " };
            let names = self.names();
            names.into_iter().filter(|it| fits(it)).map(|it| format!("{it}{behind}")).collect()
        };
        let length = word.len();
        (!candidates.is_empty()).then_some(Completion { candidates, shown: 0, length })
    }

    /// Those who may be meant here: the people of this room before all others.
    fn names(&self) -> Vec<&str> {
        let here = self.tab().people.names.iter();
        let elsewhere = self.tabs.iter().flat_map(|tab| {
            let peer = match &tab.place {
                Place::Person(name) => Some(name),
                _ => None,
            };
            peer.into_iter().chain(&tab.people.names)
        });
        let mut names: Vec<&str> = Vec::new();
        for name in here.chain(elsewhere) {
            if *name != self.me && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// The cursor has moved, or something was written: what was completed stays.
    pub(super) fn end_completion(&mut self) {
        self.completion = None;
    }
}
