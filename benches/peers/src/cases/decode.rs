//! A server receives a stream of masked messages, each in one frame.
//!
//! All begin with bytes that a read copies into their buffer, and end with a message
//! that is complete, unmasked and checked. Ours is borrowed from that buffer if it is
//! there in one piece; the peers' own theirs, or a share in it.

use std::rc::Rc;

use wirechat::proto::{Opcode, Role};

use super::{SIZES, ascii, masked_frames, stream_of};
use crate::case::{Case, Contestant, size_name};
use crate::libraries::{CODECS, Codec};
use crate::stream::{Pieces, Stream};

/// How the frames arrive.
#[derive(Clone, Copy)]
enum Arrival {
    /// As from clients that wait for answers.
    OnePerRead,
    /// As from a client that does not, or under load.
    ManyPerRead,
    /// Each read ends in the middle of a frame.
    Split,
}

impl Arrival {
    fn name(self) -> &'static str {
        match self {
            Arrival::OnePerRead => "one per read",
            Arrival::ManyPerRead => "many per read",
            Arrival::Split => "split",
        }
    }

    fn pieces(self, frame_len: usize) -> Pieces {
        match self {
            Arrival::OnePerRead => Pieces::of(frame_len),
            Arrival::ManyPerRead => Pieces::WHOLE,
            Arrival::Split => Pieces::of(frame_len).first(frame_len / 2),
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, opcode) in [("text", Opcode::Text), ("binary", Opcode::Binary)] {
        for arrival in [Arrival::OnePerRead, Arrival::ManyPerRead, Arrival::Split] {
            for size in SIZES {
                let name = format!("{kind}/{}/{}", arrival.name(), size_name(size));
                let count = stream_of(size);
                cases.push(Case::new("decode", name, (count, count * size), move || {
                    contestants(opcode, arrival, size)
                }));
            }
        }
    }
    cases
}

fn contestants(opcode: Opcode, arrival: Arrival, size: usize) -> Vec<Contestant> {
    let count = stream_of(size);
    let frames = masked_frames(opcode, ascii(size).as_bytes(), count);
    let pieces = arrival.pieces(frames.len() / count);
    let frames: Rc<[u8]> = Rc::from(&frames[..]);
    let contestant = |(name, codec): (&'static str, Codec)| {
        let stream = Stream::new(Rc::clone(&frames), pieces);
        let mut server = codec(Role::Server, stream.clone());
        Contestant::library(name, move || {
            stream.reset();
            assert_eq!(server.receive(count), count * size);
        })
    };
    CODECS.into_iter().map(contestant).collect()
}
