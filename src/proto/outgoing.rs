//! Frames that wait to be written to the transport: masked by a client,
//! compressed if that was agreed on.

use bytes::{Buf, BytesMut};

use super::config::Config;
#[cfg(feature = "deflate")]
use super::decoder::Role;
#[cfg(feature = "deflate")]
use super::deflate::Compressor;
use super::encoder::encode_frame;
#[cfg(feature = "deflate")]
use super::encoder::put_frame;
#[cfg(feature = "deflate")]
use super::header::FrameHeader;
use super::header::MaskingKey;
use super::opcode::Opcode;

/// Where a client's masking keys come from: each call gives a fresh key that
/// the server cannot predict (RFC 6455 §5.3).
pub type MaskingKeys = Box<dyn FnMut() -> MaskingKey + Send + Sync>;

/// Whole frames in order.
pub(super) struct Outgoing {
    frames: BytesMut,
    /// `None` for a server, which does not mask.
    masking_keys: Option<MaskingKeys>,
    max_pongs: u32,
    /// From the first Ping until nothing is left to write.
    pongs: Option<Box<QueuedPongs>>,
    /// If compression was agreed on; boxed, since it often is not.
    #[cfg(feature = "deflate")]
    compressor: Option<Box<Compressor>>,
}

/// Answers to Pings that wait to be written.
#[derive(Debug, Default)]
struct QueuedPongs {
    /// How many stand among the frames.
    queued: u32,
    /// The payload of the newest Ping that found the queue full.
    newest: Option<Box<[u8]>>,
}

impl Outgoing {
    /// Nothing yet.
    pub(super) fn new(masking_keys: Option<MaskingKeys>, config: &Config) -> Outgoing {
        #[cfg(feature = "deflate")]
        let role = if masking_keys.is_some() { Role::Client } else { Role::Server };
        Outgoing {
            frames: BytesMut::new(),
            masking_keys,
            // RFC 6455 §5.5.3: a Ping must be answered, so there is room for one
            // answer always.
            max_pongs: config.limits.max_queued_pongs.max(1),
            pongs: None,
            #[cfg(feature = "deflate")]
            compressor: config.deflate.map(|agreed| Box::new(Compressor::new(role, &agreed))),
        }
    }

    /// Adds a data message as one frame.
    pub(super) fn put_message(&mut self, opcode: Opcode, payload: &[u8]) {
        #[cfg(feature = "deflate")]
        if let Some(data) = self.compressor.as_mut().and_then(|it| it.compress(payload)) {
            let header = FrameHeader::new(true, opcode, self.next_key(), data.len());
            return put_frame(&mut self.frames, header.compressed(), &data);
        }
        self.put_frame(opcode, payload);
    }

    /// Adds a frame that is not compressed, as control frames never are
    /// (RFC 7692 §6.1).
    pub(super) fn put_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let key = self.next_key();
        encode_frame(&mut self.frames, true, opcode, key, payload);
    }

    fn next_key(&mut self) -> Option<MaskingKey> {
        self.masking_keys.as_mut().map(|next| next())
    }

    /// Adds the answer to a Ping. RFC 6455 §5.5.3: every Ping is answered with its
    /// own payload; of those that cannot be answered in time, only the most
    /// recent needs an answer.
    pub(super) fn put_pong(&mut self, payload: &[u8]) {
        let pongs = self.pongs.get_or_insert_default();
        if pongs.queued < self.max_pongs {
            pongs.queued += 1;
            self.put_frame(Opcode::Pong, payload);
        } else {
            pongs.newest = Some(payload.into());
        }
    }

    /// Forgets the Pong that found no room yet: no frame is to follow.
    pub(super) fn end(&mut self) {
        self.pongs = None;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.frames
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Takes away what was written.
    pub(super) fn advance(&mut self, written: usize) {
        self.frames.advance(written);
        if self.frames.is_empty()
            && let Some(pongs) = self.pongs.take()
            && let Some(payload) = pongs.newest
        {
            self.put_pong(&payload);
        }
    }

    /// Throws everything away.
    pub(super) fn clear(&mut self) {
        self.frames = BytesMut::new();
        self.pongs = None;
    }

    /// Gives back what an idle connection does not need.
    pub(super) fn release_memory(&mut self) {
        if self.frames.is_empty() {
            self.frames = BytesMut::new();
        }
        #[cfg(feature = "deflate")]
        if let Some(compressor) = &mut self.compressor {
            compressor.release();
        }
    }
}
