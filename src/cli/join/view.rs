//! What happens, in words for people.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};

use wirechat::chat::{Encoding, Timestamp};
use wirechat::client::{
    Event, Joined, Message, Object, Options, Presence, Private, Received, Refusal, State,
};

use super::{advice, json};

/// Writes events: the chat on standard output, the connection's state on
/// standard error.
pub(super) struct View {
    json: bool,
    colour: bool,
    address: String,
    /// The name that we go by.
    user: String,
    /// The rooms that we have entered, as long as it is one: then nobody needs to
    /// be told where something is said.
    only_room: Option<String>,
    has_several_rooms: bool,
}

impl View {
    pub(super) fn new(json: bool, options: &Options) -> View {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        View {
            json,
            colour: !plain && io::stdout().is_terminal(),
            address: options.uri.to_string(),
            user: options.user.as_str().to_owned(),
            only_room: None,
            has_several_rooms: false,
        }
    }

    /// Shows an event. `code` is the exit code, if it is the last one.
    ///
    /// # Errors
    /// Standard output cannot be written any more.
    pub(super) fn show(&mut self, event: &Event, code: u8) -> io::Result<()> {
        if let Some(status) = self.status(event) {
            // Nobody may be reading that, which is no reason to end.
            let _ = writeln!(io::stderr(), "wirechat: {}", Harmless(&status));
        }
        let mut out = io::stdout().lock();
        for line in self.lines(event, code) {
            writeln!(out, "{line}")?;
        }
        out.flush()
    }

    /// What a person has to know about the connection.
    fn status(&self, event: &Event) -> Option<String> {
        match event {
            Event::State(State::Connecting) => Some(format!("connecting to {}", self.address)),
            Event::State(State::Closed(end)) => advice::end(end),
            Event::State(State::Reconnecting { after, lost }) => {
                let why = advice::lost(lost);
                Some(format!("{why}; reconnecting in {:.1} s", after.as_secs_f64()))
            }
            Event::State(State::Connected(encoding)) if *encoding != Encoding::V1 => Some(
                "connected to a server of the original chat: no rooms, people or history"
                    .to_owned(),
            ),
            Event::State(state) => Some(state.to_string()),
            Event::Undelivered(lost) => {
                Some(format!("not delivered, {}: {}", lost.reason, lost.content))
            }
            Event::Missed(missed) => {
                let place = missed.room.as_ref().map(|room| format!(" in #{room}"));
                let place = place.unwrap_or_default();
                Some(format!("messages{place} may be missing: {}", missed.cause))
            }
            _ => None,
        }
    }

    /// What is shown of the chat.
    fn lines(&mut self, event: &Event, code: u8) -> Vec<String> {
        if self.json {
            return json::line(event, code).into_iter().collect();
        }
        let Event::Received(Received { object, .. }) = event else { return Vec::new() };
        match object {
            Object::Message(message) => vec![self.message(message)],
            Object::Private(private) => vec![self.private(private)],
            Object::Joined(joined) => {
                self.remember(joined);
                vec![self.people(&joined.room, &joined.users, joined.count)]
            }
            Object::Presence(Presence { room, users, count }) => {
                vec![self.people(room, users, *count)]
            }
            Object::Rooms(rooms) => {
                let sizes =
                    rooms.rooms.iter().map(|size| format!("{} ({})", size.room, size.users));
                let sizes: Vec<String> = sizes.collect();
                vec![self.aside(&format!("Rooms ({}): {}", rooms.count, sizes.join(", ")))]
            }
            Object::History(history) => {
                history.messages.iter().map(|message| self.message(message)).collect()
            }
            Object::Error(refusal) => self.error(refusal).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn remember(&mut self, joined: &Joined) {
        if let Some(user) = &joined.user {
            self.user.clone_from(user);
        }
        let first = self.only_room.get_or_insert_with(|| joined.room.clone());
        self.has_several_rooms |= *first != joined.room;
    }

    fn message(&self, message: &Message) -> String {
        let (name, text) = (Harmless(&message.username), Harmless(&message.content));
        let time = Clock(message.timestamp);
        let room = message.room.as_deref().filter(|_| self.has_several_rooms);
        let room = room.map(|room| format!("#{} ", Harmless(room))).unwrap_or_default();
        if message.is_notice() {
            return self.paint("2", format_args!("[{time}] {room}* {name}: {text}"));
        }
        let name = self.paint("1", format_args!("{name}"));
        format!("[{time}] {room}{name}: {text}")
    }

    fn private(&self, private: &Private) -> String {
        let (from, text) = (Harmless(&private.from), Harmless(&private.content));
        let time = Clock(private.timestamp);
        let name = match private.from == self.user {
            true => self.paint("1", format_args!("{from} (private to {})", Harmless(&private.to))),
            false => self.paint("1", format_args!("{from} (private)")),
        };
        format!("[{time}] {name}: {text}")
    }

    fn people(&self, room: &str, users: &[String], count: u64) -> String {
        self.aside(&format!("In {room} ({count}): {}", users.join(", ")))
    }

    /// What nobody says.
    fn aside(&self, words: &str) -> String {
        self.paint("2", format_args!("* {}", Harmless(words)))
    }

    /// What came too fast is sent again by itself; the rest of what was refused
    /// for its content is told as undelivered.
    fn error(&self, refusal: &Refusal) -> Option<String> {
        if !refusal.nonce.is_null() {
            return None;
        }
        Some(self.paint("31", format_args!("! {}", Harmless(&refusal.words))))
    }

    /// In a style of ECMA-48 (SGR), where the output can show it.
    fn paint(&self, style: &str, text: fmt::Arguments<'_>) -> String {
        if self.colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// Text of others, with what would command the terminal, or make a line look
/// like another one, written out.
pub(super) struct Harmless<'a>(pub(super) &'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match is_harmful(c) {
            true => write!(f, "{}", c.escape_default()),
            false => f.write_char(c),
        })
    }
}

/// Control characters (C0, DEL, C1), line separators, and those that change the
/// direction of the text around them (UAX #9).
pub(super) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
}

/// The time of day, UTC.
struct Clock(Option<Timestamp>);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(time) = self.0 else { return f.write_str("--:--:--") };
        let seconds = time.millis().div_euclid(1000).rem_euclid(86_400);
        write!(f, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_others_commands_the_terminal() {
        let text =
            Harmless("\x1b[2J\r\nbell\x07 \u{9b}1m \u{202e}evil \u{2028} fine: é € 🦀").to_string();
        assert_eq!(text, r"\u{1b}[2J\r\nbell\u{7} \u{9b}1m \u{202e}evil \u{2028} fine: é € 🦀");
    }

    #[test]
    fn the_time_of_day_is_that_of_utc_and_may_be_unknown() {
        let clock = |millis| Clock(Some(Timestamp::from_millis(millis))).to_string();
        assert_eq!(clock(1_700_000_000_123), "22:13:20");
        assert_eq!(clock(-1), "23:59:59");
        assert_eq!(Clock(None).to_string(), "--:--:--");
    }
}
