//! Frames as they pass, for somebody who wants to see those of their own connection.
//!
//! It reads the bytes beside the connection and knows nothing of its state, so it
//! shows what is on the wire: heads, masking keys, control frames, fragments. A
//! connection that nobody watches has none of this.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Buf;
use serde_json::{Value, json};

use crate::chat::Timestamp;
use crate::proto::{FrameHeader, Opcode, apply_mask};

/// Frames that wait to be shown; then the oldest are not.
const MOST_NOTES: usize = 50;

/// Bytes of a payload that are shown.
const SHOWN: usize = 128;

/// What is seen of one connection.
#[derive(Debug, Default)]
pub(super) struct Inspector {
    incoming: Scanner,
    /// From the first moment on in which nothing is half written.
    outgoing: Option<Scanner>,
    notes: VecDeque<Note>,
    /// How the frames begin in which notes are shown: those are not shown again.
    shown: VecDeque<Box<[u8]>>,
}

/// Takes one direction's bytes apart.
#[derive(Debug, Default)]
struct Scanner {
    /// A head that has not arrived completely.
    head: Vec<u8>,
    /// A frame whose payload has not.
    frame: Option<Frame>,
    /// After a broken rule there are no frames any more.
    is_broken: bool,
}

#[derive(Debug)]
struct Frame {
    header: FrameHeader,
    left: u64,
    /// The beginning of the payload as it is on the wire.
    payload: Vec<u8>,
}

#[derive(Debug)]
struct Note {
    from: &'static str,
    at: Timestamp,
    frame: Frame,
}

impl Inspector {
    /// Sees what arrives from now on, beginning with these bytes, which begin with
    /// a frame.
    pub(super) fn of(bytes: &[u8], now: Timestamp) -> Box<Inspector> {
        let mut inspector = Box::<Inspector>::default();
        inspector.see_incoming(bytes, now);
        inspector
    }

    /// These bytes have arrived.
    pub(super) fn see_incoming(&mut self, bytes: &[u8], now: Timestamp) {
        for frame in self.incoming.take(bytes) {
            self.note("client", frame, now);
        }
    }

    /// Everything that was to be written has been. Whether that was waited for.
    pub(super) fn see_drained(&mut self) -> bool {
        let was_waiting = self.outgoing.is_none();
        self.outgoing.get_or_insert_default();
        was_waiting
    }

    /// The first `written` bytes of these have been written.
    pub(super) fn see_outgoing(
        &mut self,
        slices: &[IoSlice<'_>],
        mut written: usize,
        now: Timestamp,
    ) {
        for slice in slices {
            let bytes = &slice[..written.min(slice.len())];
            written -= bytes.len();
            let frames = self.outgoing.as_mut().map_or_else(Vec::new, |all| all.take(bytes));
            for frame in frames {
                if self.shown.front().is_some_and(|shown| frame.payload.starts_with(shown)) {
                    self.shown.pop_front();
                } else {
                    self.note("server", frame, now);
                }
            }
        }
    }

    fn note(&mut self, from: &'static str, frame: Frame, at: Timestamp) {
        if self.notes.len() >= MOST_NOTES {
            self.notes.pop_front();
        }
        self.notes.push_back(Note { from, at, frame });
    }

    /// What has been seen since the last time, as a list for the object that shows
    /// it; nothing if there is nothing, or it cannot be written soon.
    pub(super) fn take_notes(&mut self) -> Option<Value> {
        if self.notes.is_empty() || self.outgoing.is_none() {
            return None;
        }
        Some(self.notes.drain(..).map(|note| note.to_json()).collect())
    }

    /// The frame that shows notes begins with these bytes.
    pub(super) fn shows(&mut self, frame: &[u8]) {
        let size = FrameHeader::parse(frame).ok().flatten().map_or(0, |(_, size)| size);
        let payload = &frame[size..];
        self.shown.push_back(payload[..payload.len().min(SHOWN)].into());
    }
}

impl Scanner {
    /// The frames that end in these bytes.
    fn take(&mut self, mut bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        while !self.is_broken {
            let frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.take_head(&mut bytes) {
                    Some(header) => {
                        Frame { header, left: header.payload_len(), payload: Vec::new() }
                    }
                    None => break,
                },
            };
            match frame.take(&mut bytes) {
                Ok(frame) => frames.push(frame),
                Err(unfinished) => {
                    self.frame = Some(unfinished);
                    break;
                }
            }
        }
        frames
    }

    fn take_head(&mut self, bytes: &mut &[u8]) -> Option<FrameHeader> {
        let before = self.head.len();
        let more = bytes.len().min(FrameHeader::MAX_SIZE - before);
        self.head.extend_from_slice(&bytes[..more]);
        match FrameHeader::parse(&self.head) {
            Ok(Some((header, size))) => {
                bytes.advance(size - before);
                self.head.clear();
                Some(header)
            }
            Ok(None) => {
                bytes.advance(more);
                None
            }
            Err(_) => {
                self.is_broken = true;
                None
            }
        }
    }
}

impl Frame {
    /// Takes what is left of the payload; the frame again if that is not all here.
    fn take(mut self, bytes: &mut &[u8]) -> Result<Frame, Frame> {
        let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let shown = here.min(SHOWN - self.payload.len());
        self.payload.extend_from_slice(&bytes[..shown]);
        bytes.advance(here);
        self.left -= here as u64;
        if self.left == 0 { Ok(self) } else { Err(self) }
    }
}

impl Note {
    /// The payload is shown as text where it is text, and otherwise in hexadecimal
    /// digits; what was masked is shown unmasked, beside the key.
    fn to_json(&self) -> Value {
        let Frame { header, payload, .. } = &self.frame;
        let mut payload = payload.clone();
        let key = header.masking_key();
        if let Some(key) = key {
            apply_mask(&mut payload, key, 0);
        }
        let mut note = json!({
            "from": self.from,
            "at": self.at.millis(),
            "fin": header.fin(),
            "rsv": header.rsv(),
            "opcode": header.opcode().bits(),
            "key": key.map(|key| hex(&key)),
            "length": header.payload_len(),
        });
        let is_data = matches!(header.opcode(), Opcode::Text | Opcode::Continuation);
        match text(&payload) {
            Some(text) if is_data && !header.rsv1() => note["text"] = text.into(),
            _ => note["hex"] = hex(&payload).into(),
        }
        note
    }
}

/// The text that these bytes are, but for a character that is cut at the end.
fn text(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::proto::encode_frame;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

    fn seen(inspector: &mut Inspector) -> Vec<Value> {
        let notes = inspector.take_notes().unwrap_or_default();
        notes.as_array().cloned().unwrap_or_default()
    }

    fn see_written(inspector: &mut Inspector, bytes: &[u8]) {
        let (one, other) = bytes.split_at(1);
        let unwritten = IoSlice::new(b"not yet");
        let slices = [IoSlice::new(one), IoSlice::new(other), unwritten];
        inspector.see_outgoing(&slices, bytes.len(), NOW);
    }

    fn wire() -> Vec<u8> {
        let mut wire = BytesMut::new();
        encode_frame(&mut wire, false, Opcode::Text, Some([1, 2, 3, 4]), "é".as_bytes());
        encode_frame(&mut wire, true, Opcode::Ping, Some([0; 4]), b"\xff");
        encode_frame(&mut wire, true, Opcode::Continuation, Some([9; 4]), &[b'x'; 70_000]);
        wire.to_vec()
    }

    #[test]
    fn every_frame_is_seen_however_its_bytes_arrive() {
        let wire = wire();
        for cut in [1, 2, 3, 7, 13, 4096, wire.len()] {
            let mut inspector = Inspector::default();
            inspector.see_drained();
            wire.chunks(cut).for_each(|bytes| inspector.see_incoming(bytes, NOW));
            let seen = seen(&mut inspector);
            assert_eq!(
                seen[0],
                json!({"from": "client", "at": 1_700_000_000_123u64, "fin": false, "rsv": 0,
                    "opcode": 1, "key": "01020304", "length": 2, "text": "é"})
            );
            assert_eq!((&seen[1]["opcode"], &seen[1]["hex"]), (&json!(9), &json!("ff")));
            assert_eq!(seen[2]["length"], 70_000);
            assert_eq!(seen[2]["text"].as_str().map(str::len), Some(SHOWN));
            assert_eq!(seen.len(), 3);
        }
    }

    #[test]
    fn what_is_written_is_seen_from_the_next_whole_frame_on_but_not_what_shows_it() {
        let mut inspector = Inspector::default();
        see_written(&mut inspector, b"the rest of a frame");
        assert_eq!(inspector.take_notes(), None);
        inspector.see_drained();
        see_written(&mut inspector, b"\x81\x02hi");
        assert_eq!(seen(&mut inspector)[0]["text"], "hi");
        inspector.shows(b"\x81\x05shown");
        see_written(&mut inspector, b"\x8a\x00\x81\x05shown\x81\x05other");
        let seen = seen(&mut inspector);
        assert_eq!((seen.len(), &seen[1]["text"]), (2, &json!("other")));
    }

    #[test]
    fn a_broken_rule_ends_it() {
        let mut inspector = Inspector::default();
        inspector.see_drained();
        inspector.see_incoming(b"\x81\x01a\x83\x00\x81\x01b", NOW);
        assert_eq!(seen(&mut inspector).len(), 1);
    }

    #[test]
    fn few_frames_are_kept_for_a_viewer_who_is_not_shown_them() {
        let mut inspector = Inspector::default();
        for _ in 0..1000 {
            inspector.see_incoming(b"\x81\x00", NOW);
        }
        inspector.see_drained();
        assert_eq!(seen(&mut inspector).len(), MOST_NOTES);
    }
}
