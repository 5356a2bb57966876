//! What happens, in JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use wirechat::chat::Encoding;
use wirechat::client::{Delivered, Event, Missed, State, Undelivered};

use super::view::is_harmful;

/// The event as one line of JSON.
pub(super) fn line(event: &Event, code: u8) -> Option<String> {
    let object = match event {
        Event::Received(received) => return Some(harmless(&received.json)),
        Event::State(state) => state_object(state, code)?,
        Event::Latency(latency) => {
            json!({"type": "latency", "latency_ms": latency.as_micros() as f64 / 1000.0})
        }
        Event::Delivered(Delivered { content, nonce, id, seq, .. }) => {
            let kind = "delivered";
            json!({"type": kind, "content": content, "nonce": nonce, "id": id, "seq": seq})
        }
        Event::Undelivered(Undelivered { content, reason, .. }) => {
            json!({"type": "undelivered", "content": content, "reason": reason})
        }
        Event::Missed(missed) => missed_object(missed),
        _ => return None,
    };
    Some(harmless(&object.to_string()))
}

fn missed_object(missed: &Missed) -> Value {
    let mut object = json!({"type": "missed", "room": missed.room, "reason": missed.cause.code()});
    if let Some(numbers) = &missed.numbers {
        object["from"] = (*numbers.start()).into();
        object["to"] = (*numbers.end()).into();
    }
    object
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
fn harmless(json: &str) -> String {
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

#[cfg(test)]
mod tests {
    use wirechat::client::Cause;

    use super::*;

    #[test]
    fn json_stays_the_same_object_in_one_harmless_line() {
        let json = "{\n\t\"a\":\r\"x\u{9b}\u{202e}\u{7f}\\n é\"}";
        let line = harmless(json);
        assert!(!line.chars().any(is_harmful), "{line:?}");
        let read = |json: &str| serde_json::from_str::<Value>(json).expect("JSON");
        assert_eq!(read(&line), read(json));
    }

    #[test]
    fn what_is_missing_is_told_with_its_numbers_if_they_are_known() {
        let missed = |numbers| {
            let event =
                Event::Missed(Missed { room: Some("x".to_owned()), numbers, cause: Cause::Gap });
            serde_json::from_str::<Value>(&line(&event, 0).expect("a line")).expect("JSON")
        };
        let known = json!({"type": "missed", "room": "x", "reason": "gap", "from": 4, "to": 5});
        assert_eq!(missed(Some(4..=5)), known);
        assert_eq!(missed(None), json!({"type": "missed", "room": "x", "reason": "gap"}));
    }
}
