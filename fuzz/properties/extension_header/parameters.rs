//! The parameters of permessage-deflate, read in the simplest way there is.

use wirechat::proto::{Deflate, WindowBits};

/// What may stand behind the name of the extension, at most once each (RFC 7692 §7.1).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<WindowBits>,
    /// In an offer it may be there without a value.
    pub(super) client_max_window_bits: Option<Option<WindowBits>>,
}

impl Parameters {
    /// Each element of these fields' lists; `None` for one that is something
    /// else, and for a field without one.
    pub(super) fn all<'v>(values: impl Iterator<Item = &'v [u8]>) -> Vec<Option<Parameters>> {
        let mut all = Vec::new();
        for value in values {
            let elements = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            let mut elements = elements.filter(|element| !element.is_empty()).peekable();
            if elements.peek().is_none() {
                all.push(None);
            }
            all.extend(elements.map(Parameters::parse));
        }
        all
    }

    fn parse(element: &[u8]) -> Option<Parameters> {
        let mut parts = str::from_utf8(element).ok()?.split(';').map(str::trim_ascii);
        if parts.next()? != "permessage-deflate" {
            return None;
        }
        let mut all = Parameters::default();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim_ascii(), Some(value.trim_ascii())),
                None => (part, None),
            };
            let was_set = match (name, value) {
                ("server_no_context_takeover", None) => {
                    std::mem::replace(&mut all.server_no_context_takeover, true)
                }
                ("client_no_context_takeover", None) => {
                    std::mem::replace(&mut all.client_no_context_takeover, true)
                }
                ("server_max_window_bits", Some(bits)) => {
                    all.server_max_window_bits.replace(window_bits(bits)?).is_some()
                }
                ("client_max_window_bits", None) => {
                    all.client_max_window_bits.replace(None).is_some()
                }
                ("client_max_window_bits", Some(bits)) => {
                    all.client_max_window_bits.replace(Some(window_bits(bits)?)).is_some()
                }
                _ => return None,
            };
            if was_set {
                return None;
            }
        }
        Some(all)
    }

    /// As an answer: RFC 7692 §7.1, rule by rule.
    pub(super) fn check_answers(&self, offer: &Parameters) -> Result<(), &'static str> {
        if offer.server_no_context_takeover && !self.server_no_context_takeover {
            return Err("§7.1.1.1: the client asked for no takeover");
        }
        if let Some(most) = offer.server_max_window_bits
            && self.server_max_window_bits.is_none_or(|bits| bits > most)
        {
            return Err("§7.1.2.1: the client asked for a smaller window");
        }
        match (self.client_max_window_bits, offer.client_max_window_bits) {
            (Some(None), _) => Err("§7.1.2.2: in an answer it has a value"),
            (Some(_), None) => Err("§7.1.2.2: the client cannot be told"),
            _ => Ok(()),
        }
    }

    /// As an answer: what is in force.
    pub(super) fn in_force(&self, threshold: usize) -> Deflate {
        let client_max_window_bits = self.client_max_window_bits.flatten();
        Deflate {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits.unwrap_or(WindowBits::MAX),
            client_max_window_bits: client_max_window_bits.unwrap_or(WindowBits::MAX),
            threshold,
        }
    }
}

fn window_bits(value: &str) -> Option<WindowBits> {
    let values = ["8", "9", "10", "11", "12", "13", "14", "15"];
    let index = values.iter().position(|legal| *legal == value)?;
    WindowBits::new(8 + index as u8)
}
