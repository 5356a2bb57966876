//! Whether to come back: what an error or a close code says about the next
//! attempt.

use super::end::{End, Lost};
use crate::net::ConnectError;
use crate::proto::Closure;
use crate::proto::handshake::ResponseError;

impl Lost {
    /// The end, if trying again would be in vain or unwelcome.
    pub(super) fn judge(self, was_connected: bool) -> Result<Lost, End> {
        match self {
            Lost::Connect(error) => judge_error(error),
            Lost::Closed(closure) => judge_closure(closure),
            // On the way back, it is our own ghost that has the name: the server
            // has not noticed yet that the last connection is gone.
            Lost::Refused(refusal) if was_connected && refusal.code == "name_taken" => {
                Ok(Lost::Refused(refusal))
            }
            Lost::Refused(refusal) if refusal.passes() => Ok(Lost::Refused(refusal)),
            Lost::Refused(refusal) => Err(End::Refused(refusal)),
            lost @ (Lost::Silent | Lost::Dead) => Ok(lost),
        }
    }
}

fn judge_error(error: ConnectError) -> Result<Lost, End> {
    match &error {
        ConnectError::Io(_) | ConnectError::Timeout => Ok(Lost::Connect(error)),
        ConnectError::Response(ResponseError::Refused { status, .. }) if passes(*status) => {
            Ok(Lost::Connect(error))
        }
        ConnectError::Response(_) => Err(End::NoWebSocket(error)),
        ConnectError::Uri(_) | ConnectError::Options(_) | ConnectError::Tls => {
            Err(End::Unreachable(error))
        }
    }
}

/// Whether a refusal with this status is likely to pass (RFC 9110 §15): a server
/// that is busy or restarts. All other ones would refuse the next attempt too.
fn passes(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

fn judge_closure(closure: Closure) -> Result<Lost, End> {
    if closure.error.is_some() {
        return Err(End::Protocol(closure));
    }
    match closure.code.map(|code| code.get()) {
        // RFC 6455 §7.4.1: what we sent is what the server minds, and we would
        // send it again.
        Some(1002 | 1003 | 1007 | 1009 | 1010) => Err(End::Protocol(closure)),
        // 1000: the server has finished. 3000 to 3999 are registered by others
        // (§7.4.2), and most of them say no. 4500 to 4999 are ours for "not
        // without a change".
        Some(1000 | 1008 | 3000..=3999 | 4500..=4999) => Err(End::Dismissed(closure)),
        _ => Ok(Lost::Closed(closure)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{CloseCode, Initiator, ProtocolError};

    fn closed(code: Option<u16>) -> Closure {
        let code = code.map(|code| CloseCode::new(code).expect("a code that travels"));
        Closure {
            code,
            reason: String::new(),
            initiator: Initiator::Peer,
            clean: true,
            error: None,
        }
    }

    fn refused(code: &str) -> Lost {
        Lost::Refused(super::super::Refusal {
            code: code.to_owned(),
            words: String::new(),
            nonce: serde_json::Value::Null,
            retry_after_ms: None,
            suggestion: None,
        })
    }

    fn answered(status: u16) -> Lost {
        let (reason, location) = (String::new(), None);
        Lost::Connect(ConnectError::Response(ResponseError::Refused { status, reason, location }))
    }

    #[test]
    fn it_comes_back_after_these_close_codes() {
        for code in [1001, 1011, 1012, 1013, 1014, 4000, 4001, 4499] {
            assert!(judge_closure(closed(Some(code))).is_ok(), "{code}");
        }
        assert!(judge_closure(closed(None)).is_ok());
    }

    #[test]
    fn it_stays_away_after_these() {
        for code in [1000, 1008, 3000, 3999, 4500, 4502, 4999] {
            let verdict = judge_closure(closed(Some(code)));
            assert!(matches!(verdict, Err(End::Dismissed(_))), "{code}: {verdict:?}");
        }
        for code in [1002, 1003, 1007, 1009, 1010] {
            let verdict = judge_closure(closed(Some(code)));
            assert!(matches!(verdict, Err(End::Protocol(_))), "{code}: {verdict:?}");
        }
    }

    // Proves fault-88.
    #[test]
    fn a_server_that_broke_the_protocol_is_left_alone() {
        let closure = Closure { error: Some(ProtocolError::Masked), ..closed(Some(1002)) };
        assert!(matches!(judge_closure(closure), Err(End::Protocol(_))));
    }

    #[test]
    fn a_refused_handshake_is_final_unless_its_status_passes() {
        for status in [200, 301, 400, 401, 403, 404, 426] {
            assert!(matches!(answered(status).judge(true), Err(End::NoWebSocket(_))), "{status}");
        }
        for status in [408, 429, 500, 502, 503] {
            assert!(answered(status).judge(false).is_ok(), "{status}");
        }
    }

    #[test]
    fn no_server_yet_is_worth_another_attempt_and_a_wrong_address_is_not() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert!(Lost::Connect(ConnectError::Io(refused)).judge(false).is_ok());
        assert!(matches!(
            Lost::Connect(ConnectError::Tls).judge(false),
            Err(End::Unreachable(ConnectError::Tls))
        ));
    }

    #[test]
    fn a_taken_name_is_final_at_first_and_a_ghost_of_ours_later() {
        assert!(matches!(refused("name_taken").judge(false), Err(End::Refused(_))));
        assert!(refused("name_taken").judge(true).is_ok());
        assert!(matches!(refused("name_invalid").judge(true), Err(End::Refused(_))));
        assert!(refused("unavailable").judge(false).is_ok());
    }
}
