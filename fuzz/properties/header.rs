//! The first bytes of a frame from a peer that may send anything.

use wirechat::proto::{FrameHeader, MAX_CONTROL_PAYLOAD, ProtocolError};

/// What [`FrameHeader::parse`] says.
pub type Verdict = Result<Option<(FrameHeader, usize)>, ProtocolError>;

/// Any bytes: nothing panics, every piece of the head agrees with the whole,
/// what is read obeys RFC 6455 §5.2 and §5.5, and writing it gives the same
/// bytes again. Returns the verdict on all the bytes.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> Verdict {
    let verdict = FrameHeader::parse(data);
    check_pieces(data, verdict);
    if let Ok(Some((header, size))) = verdict {
        check_rules(&header);
        assert!(size <= FrameHeader::MAX_SIZE);
        let mut written = Vec::new();
        header.write(&mut written);
        assert_eq!(written, data[..size], "another head was written");
    }
    verdict
}

/// "More" at each length until the bytes suffice for the verdict, which then stays.
fn check_pieces(data: &[u8], verdict: Verdict) {
    let longest = data.len().min(FrameHeader::MAX_SIZE);
    let mut verdicts = (0..=longest).map(|len| FrameHeader::parse(&data[..len]));
    let first = verdicts.find(|verdict| *verdict != Ok(None)).unwrap_or(Ok(None));
    assert_eq!(first, verdict, "a piece of the head misleads");
    assert!(verdicts.all(|later| later == verdict), "more bytes changed the verdict");
    // The whole head was there, and no rule leaves it undecided.
    assert!(verdict != Ok(None) || data.len() < FrameHeader::MAX_SIZE);
}

fn check_rules(header: &FrameHeader) {
    assert!(header.payload_len() < 1 << 63, "RFC 6455 §5.2: the top bit must be 0");
    assert!(header.rsv() < 8);
    if header.opcode().is_control() {
        assert!(header.fin(), "RFC 6455 §5.5: a fragmented control frame");
        assert!(header.payload_len() <= MAX_CONTROL_PAYLOAD as u64);
    }
}
