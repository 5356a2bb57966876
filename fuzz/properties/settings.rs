//! What the endpoint under test was told, taken from the input's front.

use wirechat::proto::{Config, Limits};

/// An input's first six bytes say how the endpoint is configured; the rest is
/// for the property.
pub(super) fn settings(data: &[u8]) -> (Config, &[u8]) {
    let ([frame, message, fragments, pongs, _, _], rest) =
        data.split_first_chunk().unwrap_or((&[0; 6], &[]));
    // Small, so that small inputs exceed them.
    let limits = Limits {
        max_frame: 8 * u64::from(*frame),
        max_message: 8 * usize::from(*message),
        max_fragments: (*fragments).into(),
        max_queued_pongs: (*pongs).into(),
    };
    (Config { limits, ..Config::default() }, rest)
}
