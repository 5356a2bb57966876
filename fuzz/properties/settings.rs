//! What the endpoint under test was told, taken from the input's front.

use wirechat::proto::{Config, Deflate, Limits, WindowBits};

/// An input's first six bytes say how the endpoint is configured; the rest is
/// for the property.
pub(super) fn settings(data: &[u8]) -> (Config, &[u8]) {
    let ([frame, message, fragments, pongs, flags, windows], rest) =
        data.split_first_chunk().unwrap_or((&[0; 6], &[]));
    // Small, so that small inputs exceed them.
    let limits = Limits {
        max_frame: 8 * u64::from(*frame),
        max_message: 8 * usize::from(*message),
        max_fragments: (*fragments).into(),
        max_queued_pongs: (*pongs).into(),
    };
    (Config { limits, deflate: deflate(*flags, *windows), ..Config::default() }, rest)
}

/// One bit for "compressed" and for each of the two "no context takeover", five
/// for the threshold; three and three for the windows of the server and the client.
pub(super) fn deflate(flags: u8, windows: u8) -> Option<Deflate> {
    let bits = |number: u8| WindowBits::new(8 + number % 8).expect("8 to 15");
    let deflate = Deflate {
        server_no_context_takeover: flags & 2 != 0,
        client_no_context_takeover: flags & 4 != 0,
        server_max_window_bits: bits(windows),
        client_max_window_bits: bits(windows >> 3),
        threshold: usize::from(flags >> 3),
    };
    (flags & 1 != 0).then_some(deflate)
}
