//! Why there is no connection, for a person: what happened, and what to do.

use std::io;

use wirechat::client::{End, Lost};
use wirechat::net::ConnectError;
use wirechat::proto::handshake::ResponseError;

/// Why there is no connection at the moment.
pub(super) fn lost(lost: &Lost) -> String {
    match lost {
        Lost::Connect(error) => connect(error),
        lost => lost.to_string(),
    }
}

/// Why it is over; nothing if that is what was asked for.
pub(super) fn end(end: &End) -> Option<String> {
    Some(match end {
        End::Done => return None,
        End::Unreachable(error) | End::NoWebSocket(error) => connect(error),
        End::GaveUp { was_connected, lost: why } => {
            let what = if *was_connected { "gave up reconnecting" } else { "cannot connect" };
            format!("{what}: {}", lost(why))
        }
        End::Refused(refusal) => match (&refusal.suggestion, refusal.code.as_str()) {
            (Some(free), _) => format!("{end}; try --name {free:?}"),
            (None, "name_taken" | "name_invalid" | "name_reserved") => {
                format!("{end}; choose another name with --name")
            }
            (None, "room_invalid") => format!("{end}; choose another room with --room"),
            _ => end.to_string(),
        },
        end => end.to_string(),
    })
}

fn connect(error: &ConnectError) -> String {
    let advice = match error {
        ConnectError::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                return "no server listens there: is it running, and is the port right?".to_owned();
            }
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                "is this machine on the network?"
            }
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                "that is hardly a chat server, or a proxy without its server"
            }
            _ if error.to_string().contains("lookup") => {
                return "no host has that name: is it spelled right?".to_owned();
            }
            _ => return error.to_string(),
        },
        ConnectError::Timeout => "is the address right, or does a firewall swallow it?",
        ConnectError::Tls => "use ws:// if the server allows it, or a TLS proxy on this side",
        ConnectError::Response(ResponseError::Refused { status, location, .. }) => match status {
            300..=399 if location.as_deref().is_some_and(is_secure) => {
                "it wants TLS: use that address"
            }
            300..=399 => "use that address",
            401 | 403 => "it does not let you in from here",
            404 | 405 | 410 => "a web server, but no chat at this path: ours is at /ws",
            426 | 200..=299 => {
                "a web server that does not speak WebSocket at this path: ours is at /ws"
            }
            429 => "too many connections from here: close some, or wait",
            500..=599 => "it is out of order, or restarts",
            _ => "is this the address of a chat server?",
        },
        ConnectError::Response(_) => "is this the address of a chat server?",
        _ => return error.to_string(),
    };
    format!("{error}: {advice}")
}

fn is_secure(location: &str) -> bool {
    location.starts_with("https:") || location.starts_with("wss:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, location: Option<&str>) -> String {
        let (reason, location) = (String::new(), location.map(str::to_owned));
        connect(&ConnectError::Response(ResponseError::Refused { status, reason, location }))
    }

    #[test]
    fn what_went_wrong_comes_with_what_to_do() {
        let refused = ConnectError::Io(io::ErrorKind::ConnectionRefused.into());
        assert!(connect(&refused).contains("is it running"));
        assert!(connect(&ConnectError::Tls).contains("TLS proxy"));
        assert!(connect(&ConnectError::Timeout).contains("firewall"));
        assert!(answered(404, None).contains("/ws"));
        let moved = answered(301, Some("https://chat.example/"));
        assert!(moved.contains("https://chat.example/") && moved.contains("TLS"), "{moved}");
    }

    #[test]
    fn leaving_needs_no_explanation() {
        assert_eq!(end(&End::Done), None);
        let gave_up = End::GaveUp { was_connected: false, lost: Lost::Silent };
        assert!(end(&gave_up).is_some_and(|words| words.starts_with("cannot connect: ")));
    }
}
