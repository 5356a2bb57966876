//! Agreeing on permessage-deflate (RFC 7692 §5, §7.1).
//!
//! ```text
//! client  Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
//!           ... what it wants, and what it can be told
//! server  Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover
//!           ... what is in force; or no such field, and nothing is compressed
//! ```

use super::extensions::Extension;
use crate::proto::{Deflate, WindowBits};

const NAME: &str = "permessage-deflate";

/// The parameters of one offer or answer, each there at most once and legal.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<WindowBits>,
    /// In an offer the value may be missing (§7.1.2.2).
    client_max_window_bits: Option<Option<WindowBits>>,
}

impl Parameters {
    /// `None` if this is something else, or a parameter is unknown, repeated, or
    /// has a wrong value (§7.1): then an offer is declined and an answer refused.
    fn parse(extension: &Extension<'_>) -> Option<Parameters> {
        if extension.name != NAME {
            return None;
        }
        let mut parsed = Parameters::default();
        for (index, &(name, value)) in extension.parameters.iter().enumerate() {
            if extension.parameters[..index].iter().any(|(earlier, _)| *earlier == name) {
                return None;
            }
            parsed.set(name, value)?;
        }
        Some(parsed)
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Option<()> {
        match (name, value) {
            ("server_no_context_takeover", None) => self.server_no_context_takeover = true,
            ("client_no_context_takeover", None) => self.client_no_context_takeover = true,
            ("server_max_window_bits", Some(bits)) => {
                self.server_max_window_bits = Some(window_bits(bits)?);
            }
            ("client_max_window_bits", None) => self.client_max_window_bits = Some(None),
            ("client_max_window_bits", Some(bits)) => {
                self.client_max_window_bits = Some(Some(window_bits(bits)?));
            }
            _ => return None,
        }
        Some(())
    }
}

/// §7.1.2.1: a decimal number from 8 to 15 without leading zeroes.
fn window_bits(value: &str) -> Option<WindowBits> {
    let is_plain = !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|_| is_plain).and_then(WindowBits::new)
}

/// A server's choice: what is in force, and the value of its answer.
///
/// Offers are tried in their order, which is that of the client's preference
/// (§5.1); `None` declines them all.
pub(super) fn agree(wanted: &Deflate, offers: &[Extension<'_>]) -> Option<(Deflate, String)> {
    offers.iter().find_map(|offer| {
        let offer = Parameters::parse(offer)?;
        let agreed = meet(wanted, &offer)?;
        Some((agreed, answer(&agreed, &offer)))
    })
}

/// What both sides can live with. The client's hints on its own direction are
/// taken (§7.1.1.2, §7.1.2.2): no window is kept for what does not come.
fn meet(wanted: &Deflate, offer: &Parameters) -> Option<Deflate> {
    let client_max_window_bits = match offer.client_max_window_bits {
        Some(hint) => wanted.client_max_window_bits.min(hint.unwrap_or(WindowBits::MAX)),
        // The client cannot be told (§7.1.2.2).
        None if wanted.client_max_window_bits < WindowBits::MAX => return None,
        None => WindowBits::MAX,
    };
    let server_max_window_bits = offer.server_max_window_bits.unwrap_or(WindowBits::MAX);
    Some(Deflate {
        server_no_context_takeover: wanted.server_no_context_takeover
            || offer.server_no_context_takeover,
        client_no_context_takeover: wanted.client_no_context_takeover
            || offer.client_no_context_takeover,
        server_max_window_bits: wanted.server_max_window_bits.min(server_max_window_bits),
        client_max_window_bits,
        threshold: wanted.threshold,
    })
}

fn answer(agreed: &Deflate, offer: &Parameters) -> String {
    let mut answer = flags(agreed);
    // §7.1.2.1: who asked for a limit must hear that it is kept.
    if offer.server_max_window_bits.is_some() || agreed.server_max_window_bits < WindowBits::MAX {
        answer += &format!("; server_max_window_bits={}", agreed.server_max_window_bits.get());
    }
    // Below the maximum only if the client can be told (see `meet`).
    if agreed.client_max_window_bits < WindowBits::MAX {
        answer += &format!("; client_max_window_bits={}", agreed.client_max_window_bits.get());
    }
    answer
}

/// The name, and the parameters that offers and answers spell alike.
fn flags(deflate: &Deflate) -> String {
    let mut text = NAME.to_owned();
    if deflate.server_no_context_takeover {
        text += "; server_no_context_takeover";
    }
    if deflate.client_no_context_takeover {
        text += "; client_no_context_takeover";
    }
    text
}

/// A client's offer.
pub(super) fn offer(wanted: &Deflate) -> String {
    let mut offer = flags(wanted);
    if wanted.server_max_window_bits < WindowBits::MAX {
        offer += &format!("; server_max_window_bits={}", wanted.server_max_window_bits.get());
    }
    // §7.1.2.2: without it, the server could not ask for a smaller window.
    offer += "; client_max_window_bits";
    if wanted.client_max_window_bits < WindowBits::MAX {
        offer += &format!("={}", wanted.client_max_window_bits.get());
    }
    offer
}

/// A client's look at the answer to its [`offer`]: what is in force; `None` if
/// this is no answer to it, which fails the connection (§5.1, §7.1).
pub(super) fn confirm(wanted: &Deflate, answer: &Extension<'_>) -> Option<Deflate> {
    let answer = Parameters::parse(answer)?;
    // §7.1.1.1, §7.1.2.1: what was asked of the server must be confirmed.
    let server_max_window_bits = answer.server_max_window_bits.unwrap_or(WindowBits::MAX);
    let is_kept = (answer.server_no_context_takeover || !wanted.server_no_context_takeover)
        && server_max_window_bits <= wanted.server_max_window_bits;
    // §7.1.2.2: in an answer it has a value. A greater one than the offer's
    // changes nothing: the client said that it would not go beyond its own.
    let client_max_window_bits = match answer.client_max_window_bits {
        Some(bits) => bits?.min(wanted.client_max_window_bits),
        None => wanted.client_max_window_bits,
    };
    is_kept.then_some(Deflate {
        server_no_context_takeover: answer.server_no_context_takeover,
        client_no_context_takeover: answer.client_no_context_takeover
            || wanted.client_no_context_takeover,
        server_max_window_bits,
        client_max_window_bits,
        threshold: wanted.threshold,
    })
}

#[cfg(test)]
mod tests;
