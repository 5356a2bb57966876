//! Replays the fuzz targets' corpus, so that what was once found stays found
//! without a fuzzer.
#![cfg(feature = "chat")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wirechat::proto::ProtocolError;
use wirechat::proto::handshake::{HeadError, ResponseError};

#[path = "../fuzz/properties/mod.rs"]
pub mod properties;

use properties::{chat_object, client_handshake, frames, server_handshake};

/// What `check` returns for every file of a target.
fn replay<T>(target: &str, check: impl Fn(&[u8]) -> T) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).expect("the target has a corpus");
    let replay = |path: &Path| {
        eprintln!("{}", path.display()); // the last one shown is the one that failed
        check(&fs::read(path).expect("a readable file"))
    };
    files.map(|file| replay(&file.expect("a readable folder").path())).collect()
}

#[test]
fn frames_break_every_rule_and_end_cleanly_in_both_roles() {
    let outcomes = replay("frames", frames::check);
    let closures: Vec<_> =
        outcomes.iter().map(|both| both.each_ref().map(|o| &o.closure)).collect();
    for error in [
        ProtocolError::ReservedBits,
        ProtocolError::ReservedOpcode(3),
        ProtocolError::Unmasked,
        ProtocolError::Masked,
        ProtocolError::LengthNotMinimal,
        ProtocolError::LengthTopBit,
        ProtocolError::FragmentedControl,
        ProtocolError::LongControl,
        ProtocolError::UnexpectedContinuation,
        ProtocolError::ExpectedContinuation,
        ProtocolError::Utf8,
        ProtocolError::CloseTooShort,
        ProtocolError::CloseCode(1006),
        ProtocolError::FrameTooBig,
        ProtocolError::MessageTooBig,
        ProtocolError::TooManyFragments,
    ] {
        assert!(closures.as_flattened().iter().any(|c| c.error == Some(error)), "{error:?}");
    }
    assert!(closures.iter().any(|[server, _]| server.clean));
    assert!(closures.iter().any(|[_, client]| client.clean));
}

#[test]
fn requests_get_every_status_that_a_handshake_has() {
    let statuses: BTreeSet<_> =
        replay("server_handshake", server_handshake::check).into_iter().collect();
    let every = [None, Some(101), Some(400), Some(403), Some(405), Some(426), Some(431)];
    assert_eq!(statuses, BTreeSet::from(every));
}

#[test]
fn responses_are_believed_or_refused_for_every_reason() {
    let verdicts = replay("client_handshake", client_handshake::check);
    let refused_for = |reason| verdicts.contains(&Some(Err(reason)));
    assert!(refused_for(HeadError::BareLf.into()));
    assert!(refused_for(HeadError::HttpVersion.into()));
    assert!(refused_for(ResponseError::Upgrade));
    assert!(refused_for(ResponseError::Connection));
    assert!(refused_for(ResponseError::Accept));
    assert!(refused_for(ResponseError::Extension));
    assert!(refused_for(ResponseError::Subprotocol));
    let mut verdicts = verdicts.iter().flatten();
    assert!(verdicts.clone().any(|v| matches!(v, Err(ResponseError::Refused { .. }))));
    assert!(verdicts.any(Result::is_ok));
}

#[test]
fn objects_are_answered_with_everything_that_the_chat_can_say() {
    let heard: BTreeSet<_> =
        replay("chat_object", chat_object::check).into_iter().flatten().collect();
    for kind in [
        "ack",
        "bad_json",
        "bad_message",
        "joined",
        "message",
        "name_invalid",
        "name_reserved",
        "name_taken",
        "not_joined",
        "pong",
        "presence",
        "room_invalid",
        "rooms",
        "too_long",
        "too_many_rooms",
        "unknown_type",
    ] {
        assert!(heard.contains(kind), "nothing leads to {kind}");
    }
}
