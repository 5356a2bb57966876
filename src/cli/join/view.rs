//! What happens, in words for people or in JSON for programs.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};
use wirechat::chat::{Encoding, Timestamp};
use wirechat::client::{Event, Message, Object, Received, Refusal, State};
use wirechat::proto::handshake::Uri;

/// Writes events: the chat on standard output, the connection's state on
/// standard error.
pub(super) struct View {
    json: bool,
    colour: bool,
    address: String,
}

impl View {
    pub(super) fn new(json: bool, uri: &Uri) -> View {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        View { json, colour: !plain && io::stdout().is_terminal(), address: uri.to_string() }
    }

    /// Shows an event. `code` is the exit code, if it is the last one.
    ///
    /// # Errors
    /// Standard output cannot be written any more.
    pub(super) fn show(&self, event: &Event, code: u8) -> io::Result<()> {
        if let Some(status) = self.status(event) {
            // Nobody may be reading that, which is no reason to end.
            let _ = writeln!(io::stderr(), "wirechat: {}", Harmless(&status));
        }
        let line = match self.json {
            true => json_line(event, code),
            false => self.line(event),
        };
        let Some(line) = line else { return Ok(()) };
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// What a person has to know about the connection.
    fn status(&self, event: &Event) -> Option<String> {
        match event {
            Event::State(State::Connecting) => Some(format!("connecting to {}", self.address)),
            Event::State(State::Closed(wirechat::client::End::Done)) => None,
            Event::State(state) => Some(state.to_string()),
            Event::Undelivered(lost) => {
                Some(format!("not delivered, {}: {}", lost.reason, lost.content))
            }
            _ => None,
        }
    }

    /// What a person sees of the chat.
    fn line(&self, event: &Event) -> Option<String> {
        let Event::Received(Received { object, .. }) = event else { return None };
        match object {
            Object::Message(message) => Some(self.message(message)),
            Object::Joined(joined) => {
                let users = joined.users.join(", ");
                let words = format!("In {} ({}): {users}", joined.room, joined.count);
                Some(self.paint("2", format_args!("* {}", Harmless(&words))))
            }
            Object::Error(refusal) => self.error(refusal),
            _ => None,
        }
    }

    fn message(&self, message: &Message) -> String {
        let (name, text) = (Harmless(&message.username), Harmless(&message.content));
        let time = Clock(message.timestamp);
        if message.is_notice() {
            return self.paint("2", format_args!("[{time}] * {name}: {text}"));
        }
        let private = if message.to.is_some() { " (private)" } else { "" };
        let name = self.paint("1", format_args!("{name}{private}"));
        format!("[{time}] {name}: {text}")
    }

    /// What came too fast is sent again by itself; the rest of what was refused
    /// for its content is told as undelivered.
    fn error(&self, refusal: &Refusal) -> Option<String> {
        if !refusal.nonce.is_null() || refusal.code == "rate_limited" {
            return None;
        }
        Some(self.paint("31", format_args!("! {}", Harmless(&refusal.words))))
    }

    /// In a style of ECMA-48 (SGR), where the output can show it.
    fn paint(&self, style: &str, text: fmt::Arguments<'_>) -> String {
        if self.colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// The event as one line of JSON.
fn json_line(event: &Event, code: u8) -> Option<String> {
    let json = match event {
        Event::Received(received) => received.json.clone(),
        Event::State(state) => state_object(state, code)?.to_string(),
        Event::Undelivered(lost) => {
            let (content, reason) = (&lost.content, &lost.reason);
            json!({"type": "undelivered", "content": content, "reason": reason}).to_string()
        }
        _ => return None,
    };
    Some(harmless_json(&json))
}

fn state_object(state: &State, code: u8) -> Option<Value> {
    let kind = "state";
    Some(match state {
        State::Connecting => json!({"type": kind, "state": "connecting"}),
        State::Connected(encoding) => {
            let dialect = if *encoding == Encoding::V1 { "wirechat.v1" } else { "plain" };
            json!({"type": kind, "state": "connected", "dialect": dialect})
        }
        State::Reconnecting { after, lost } => json!({"type": kind, "state": "reconnecting",
            "after_ms": after.as_millis() as u64, "reason": lost.to_string()}),
        State::Closed(end) => {
            json!({"type": kind, "state": "closed", "code": code, "reason": end.to_string()})
        }
        _ => return None,
    })
}

/// JSON in one line that no terminal takes for a command. Inside of strings the
/// characters are escaped (RFC 8259 §7); those that may stand between tokens
/// (§2) become spaces.
fn harmless_json(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' | '\r' | '\t' => line.push(' '),
            _ if is_harmful(c) => {
                let _ = write!(line, "\\u{:04x}", c as u32); // All of them have four digits.
            }
            _ => line.push(c),
        }
    }
    line
}

/// Text of others, with what would command the terminal, or make a line look
/// like another one, written out.
struct Harmless<'a>(&'a str);

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
fn is_harmful(c: char) -> bool {
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
    fn json_stays_the_same_object_in_one_harmless_line() {
        let json = "{\n\t\"a\":\r\"x\u{9b}\u{202e}\u{7f}\\n é\"}";
        let line = harmless_json(json);
        assert!(!line.chars().any(is_harmful), "{line:?}");
        let read = |json: &str| serde_json::from_str::<Value>(json).expect("JSON");
        assert_eq!(read(&line), read(json));
    }

    #[test]
    fn the_time_of_day_is_that_of_utc_and_may_be_unknown() {
        let clock = |millis| Clock(Some(Timestamp::from_millis(millis))).to_string();
        assert_eq!(clock(1_700_000_000_123), "22:13:20");
        assert_eq!(clock(-1), "23:59:59");
        assert_eq!(Clock(None).to_string(), "--:--:--");
    }
}
