//! What is sent: text that says who sent it, as which of its messages, and when.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What follows the stamp, over and over: text that shows when a piece is missing.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

/// The beginning of each message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The client's number, below 2²⁴.
    pub(super) sender: u32,
    /// How many the sender sent before.
    pub(super) number: u32,
    /// When it was sent or, at a fixed rate, when it should have been: nanoseconds
    /// since the run began, below 2⁴⁸ (78 hours).
    pub(super) time: u64,
}

impl Stamp {
    /// Bytes as they are sent: 15 in base64, which JSON need not escape.
    pub(super) const LEN: usize = 20;
}

/// The contents of one run's messages.
#[derive(Debug)]
pub(super) struct Content {
    /// Tells them from those of a run beside this one.
    run: u16,
    /// How many clients there are to send them.
    senders: u32,
    padding: String,
}

impl Content {
    /// Contents of `size` bytes, at least [`Stamp::LEN`].
    pub(super) fn new(run: u16, senders: u32, size: usize) -> Content {
        let padding = size.saturating_sub(Stamp::LEN);
        Content { run, senders, padding: PADDING.chars().cycle().take(padding).collect() }
    }

    /// Appends the content with this stamp.
    pub(super) fn write(&self, stamp: Stamp, out: &mut String) {
        let mut bytes = [0; 15];
        bytes[..2].copy_from_slice(&self.run.to_be_bytes());
        bytes[2..5].copy_from_slice(&stamp.sender.to_be_bytes()[1..]);
        bytes[5..9].copy_from_slice(&stamp.number.to_be_bytes());
        bytes[9..].copy_from_slice(&stamp.time.to_be_bytes()[2..]);
        URL_SAFE_NO_PAD.encode_string(bytes, out);
        out.push_str(&self.padding);
    }

    /// The stamp of a content of this run that is as it was sent.
    pub(super) fn read(&self, content: &[u8]) -> Option<Stamp> {
        let (stamp, padding) = content.split_at_checked(Stamp::LEN)?;
        if padding != self.padding.as_bytes() {
            return None;
        }
        let mut bytes = [0; 15];
        URL_SAFE_NO_PAD.decode_slice(stamp, &mut bytes).ok()?;
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let stamp =
            Stamp { sender: number(2..5) as u32, number: number(5..9) as u32, time: number(9..15) };
        (number(0..2) == u64::from(self.run) && stamp.sender < self.senders).then_some(stamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { sender: 0xFF_FFFE, number: u32::MAX - 1, time: (1 << 48) - 2 };

    fn written(content: &Content, stamp: Stamp) -> String {
        let mut out = String::new();
        content.write(stamp, &mut out);
        out
    }

    #[test]
    fn a_stamp_comes_back_as_it_was_and_the_content_has_the_size_asked_for() {
        for size in [Stamp::LEN, Stamp::LEN + 1, 64, 4096] {
            let content = Content::new(65_535, 1 << 24, size);
            for stamp in [STAMP, Stamp { sender: 0, number: 0, time: 0 }] {
                let text = written(&content, stamp);
                assert_eq!(text.len(), size);
                assert_eq!(content.read(text.as_bytes()), Some(stamp));
            }
        }
    }

    #[test]
    fn json_need_not_escape_any_of_it() {
        let text = written(&Content::new(0xFBFF, 1 << 24, 200), STAMP);
        assert_eq!(serde_json::to_string(&text).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn a_content_that_was_changed_or_is_another_run_s_is_none_of_ours() {
        let content = Content::new(7, 1 << 24, 64);
        let text = written(&content, STAMP);
        assert_eq!(Content::new(8, 1 << 24, 64).read(text.as_bytes()), None);
        assert_eq!(Content::new(7, STAMP.sender, 64).read(text.as_bytes()), None, "no such client");
        assert_eq!(content.read(&text.as_bytes()[..63]), None);
        assert_eq!(content.read(b"hello"), None);
        for index in Stamp::LEN..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] ^= 1;
            assert_eq!(content.read(&changed), None, "byte {index}");
        }
    }
}
