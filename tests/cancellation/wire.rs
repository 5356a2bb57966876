//! Frames as they go over the wire, and a raw peer that writes and reads them.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};
use wirechat::Message;
use wirechat::proto::{FrameHeader, Opcode, Role, apply_mask, encode_frame};

use crate::runs::together;

/// A frame that is a whole message, or a control frame.
pub(crate) type Frame = (Opcode, Vec<u8>);

pub(crate) fn text(text: &str) -> Frame {
    (Opcode::Text, text.as_bytes().to_vec())
}

pub(crate) fn message((opcode, payload): &Frame) -> Message {
    match opcode {
        Opcode::Text => Message::Text(String::from_utf8(payload.clone()).expect("a text")),
        _ => Message::Binary(payload.clone()),
    }
}

/// One frame, or one fragment of a message, as an end in this role writes it.
pub(crate) fn bytes(sender: Role, fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let key = (sender == Role::Client).then_some([1, 2, 3, 4]);
    let mut bytes = BytesMut::new();
    encode_frame(&mut bytes, fin, opcode, key, payload);
    bytes.to_vec()
}

/// The frames in these bytes, which are whole.
pub(crate) fn frames(mut wire: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((header, size)) = FrameHeader::parse(wire).expect("a frame") {
        let end = size + header.payload_len() as usize;
        let mut payload = wire[size..end].to_vec();
        if let Some(key) = header.masking_key() {
            apply_mask(&mut payload, key, 0);
        }
        frames.push((header.opcode(), payload));
        wire = &wire[end..];
    }
    assert_eq!(wire, b"", "half a frame");
    frames
}

/// A peer that says nothing, and hears everything until the other side ends.
pub(crate) async fn hear(mut peer: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).await.expect("memory does not fail");
    heard
}

/// A peer that says this, as far as it is wanted, and ends its side; it hears all
/// the while.
pub(crate) async fn say_and_hear(peer: DuplexStream, says: &[u8]) -> Vec<u8> {
    let (reader, mut writer) = tokio::io::split(peer);
    let says = async {
        if writer.write_all(says).await.is_ok() {
            let _ = writer.shutdown().await; // The other end may have gone just now.
        }
    };
    together(says, hear(reader)).await.1
}
