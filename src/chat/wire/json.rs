//! Writing JSON: a field at a time, in order, into one string.

use std::fmt::{Display, Write};

/// A JSON object under construction. Keys are ours and need no escape.
#[derive(Debug)]
pub(super) struct JsonObject(String);

impl JsonObject {
    /// An object without fields that has room for about `capacity` bytes.
    pub(super) fn with_capacity(capacity: usize) -> JsonObject {
        let mut json = String::with_capacity(capacity);
        json.push('{');
        JsonObject(json)
    }

    /// A copy in the memory of `into`.
    pub(super) fn copy(&self, mut into: String) -> JsonObject {
        into.clear();
        into.push_str(&self.0);
        JsonObject(into)
    }

    /// Bytes that it takes in memory.
    pub(super) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// A string of any content.
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut JsonObject {
        self.key(key);
        put_string(&mut self.0, value);
        self
    }

    /// A whole number.
    pub(super) fn number(&mut self, key: &str, number: impl itoa::Integer) -> &mut JsonObject {
        self.key(key);
        self.0.push_str(itoa::Buffer::new().format(number));
        self
    }

    /// A value whose text is JSON.
    pub(super) fn value(&mut self, key: &str, json: impl Display) -> &mut JsonObject {
        self.key(key);
        let _ = write!(self.0, "{json}"); // Writing to a String cannot fail.
        self
    }

    /// A value that `put` appends as JSON.
    pub(super) fn with(&mut self, key: &str, put: impl FnOnce(&mut String)) -> &mut JsonObject {
        self.key(key);
        put(&mut self.0);
        self
    }

    /// An array whose items `put` appends as JSON.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut put: impl FnMut(&mut String, T),
    ) -> &mut JsonObject {
        self.key(key);
        self.0.push('[');
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.0.push(',');
            }
            put(&mut self.0, item);
        }
        self.0.push(']');
        self
    }

    /// The finished object.
    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }
}

/// Appends a JSON string (RFC 8259 §7).
pub(super) fn put_string(out: &mut String, text: &str) {
    out.push('"');
    // Most texts need none, and this way the compiler looks at many bytes at once.
    match text.bytes().fold(false, |found, byte| found | needs_escape(byte)) {
        false => out.push_str(text),
        true => put_escaped(out, text),
    }
    out.push('"');
}

fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

fn put_escaped(out: &mut String, text: &str) {
    let mut written = 0;
    // All that needs an escape is ASCII, so every cut is at a character border.
    for (i, byte) in text.bytes().enumerate() {
        if !needs_escape(byte) {
            continue;
        }
        out.push_str(&text[written..i]);
        written = i + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(&text[written..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_stand_in_the_order_in_which_they_were_written() {
        let mut object = JsonObject::with_capacity(0);
        object.text("a", "x\"y").number("b", 1).list("c", ["p", "q"], put_string);
        object.list("d", [(); 0], |_, ()| {}).with("e", |out| out.push_str("null"));
        assert_eq!(object.end(), r#"{"a":"x\"y","b":1,"c":["p","q"],"d":[],"e":null}"#);
    }

    #[test]
    fn an_object_without_fields_is_an_object() {
        assert_eq!(JsonObject::with_capacity(9).end(), "{}");
    }

    proptest! {
        #[test]
        fn a_json_parser_reads_back_what_was_written(text in ".*", hostile in "[\0-\u{1f}\"\\\\/\u{7f}\u{2028}]*") {
            let text = text + &hostile;
            let mut json = String::new();
            put_string(&mut json, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            prop_assert!(!json.bytes().any(|byte| byte < b' '));
        }
    }
}
