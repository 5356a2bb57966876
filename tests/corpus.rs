//! Replays the fuzz targets' corpus, so that what was once found stays found
//! without a fuzzer.
#![cfg(all(feature = "chat", feature = "deflate"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wirechat::proto::handshake::{HandshakeError, HeadError, ResponseError};
use wirechat::proto::{Closure, Deflate, Initiator, Opcode, ProtocolError, WindowBits};

#[path = "../fuzz/properties/mod.rs"]
pub mod properties;

use properties::{
    chat_object, client_handshake, conversation, deflate, extension_header, frames, header,
    masking, server_handshake, utf8,
};

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

// Proves 6455-10.7-1.
#[test]
fn heads_of_every_form_are_read_and_every_rule_on_them_is_broken() {
    let verdicts = replay("header", header::check);
    for error in [
        ProtocolError::ReservedOpcode(0x3),
        ProtocolError::ReservedOpcode(0xB),
        ProtocolError::FragmentedControl,
        ProtocolError::LongControl,
        ProtocolError::LengthNotMinimal,
        ProtocolError::LengthTopBit,
    ] {
        assert!(verdicts.contains(&Err(error)), "{error:?}");
    }
    assert!(verdicts.contains(&Ok(None)));
    let sizes: BTreeSet<_> = verdicts.iter().flatten().flatten().map(|(_, size)| *size).collect();
    assert_eq!(sizes, BTreeSet::from([2, 4, 6, 8, 10, 14]), "lengths in 7, 16, 64 bits, and keys");
    let read = || verdicts.iter().flatten().flatten().map(|(header, _)| header);
    assert!(read().any(|header| header.opcode() == Opcode::Continuation));
    assert!(read().any(|header| header.opcode() == Opcode::Close));
    assert!(read().any(|header| header.rsv() != 0));
}

#[test]
fn text_is_whole_unfinished_and_wrong() {
    let verdicts: BTreeSet<_> = replay("utf8", utf8::check).into_iter().collect();
    let every = [utf8::Verdict::Whole, utf8::Verdict::Unfinished, utf8::Verdict::Wrong];
    assert_eq!(verdicts, BTreeSet::from(every));
}

#[test]
fn payloads_are_unmasked_from_every_byte_of_the_key_on() {
    let payloads = replay("masking", masking::check);
    for end_of_hello in [&b"Hello"[..], b"ello", b"llo", b"lo", b""] {
        assert!(payloads.iter().any(|payload| payload == end_of_hello));
    }
    assert!(payloads.iter().any(|payload| payload.len() > 128), "one for wide vectors");
}

#[test]
fn compressed_messages_are_read_and_refused_for_every_reason() {
    let outcomes = replay("deflate", deflate::check);
    for wrong in [
        None,
        Some(ProtocolError::Deflate),
        Some(ProtocolError::MessageTooBig),
        Some(ProtocolError::Utf8),
    ] {
        assert!(outcomes.iter().any(|outcome| outcome.wrong == wrong), "{wrong:?}");
    }
    assert!(outcomes.iter().any(|outcome| outcome.compressed > 2), "something to refer back to");
    assert!(outcomes.iter().any(|outcome| outcome.compressed == 0));
}

#[test]
fn extensions_are_agreed_on_declined_and_refused() {
    let outcomes: Vec<_> =
        replay("extension_header", extension_header::check).into_iter().flatten().collect();
    let offered = |so: &dyn Fn(&Deflate) -> bool| {
        outcomes.iter().filter_map(|outcome| outcome.offered.as_ref().ok()?.as_ref()).any(so)
    };
    let answered = |so: &dyn Fn(&Deflate) -> bool| {
        outcomes.iter().filter_map(|outcome| outcome.answered.as_ref().ok()?.as_ref()).any(so)
    };
    let parameters: [&dyn Fn(&Deflate) -> bool; 4] = [
        &|agreed| agreed.server_no_context_takeover,
        &|agreed| agreed.client_no_context_takeover,
        &|agreed| agreed.server_max_window_bits < WindowBits::MAX,
        &|agreed| agreed.client_max_window_bits < WindowBits::MAX,
    ];
    for is_in_force in parameters {
        assert!(offered(is_in_force) && offered(&|agreed| !is_in_force(agreed)));
        assert!(answered(is_in_force) && answered(&|agreed| !is_in_force(agreed)));
    }
    assert!(outcomes.iter().any(|outcome| outcome.offered == Ok(None)));
    assert!(outcomes.iter().any(|outcome| outcome.offered == Err(HandshakeError::Extensions)));
    assert!(outcomes.iter().any(|outcome| outcome.answered == Ok(None)));
    assert!(outcomes.iter().any(|outcome| outcome.answered == Err(ResponseError::Extension)));
}

#[test]
fn conversations_end_in_every_way_that_there_is() {
    let endings = replay("conversation", conversation::check);
    let clean_by = |initiators: [Initiator; 2]| {
        endings.iter().any(|both| {
            both.iter().all(|closure| closure.clean)
                && both.each_ref().map(|c| c.initiator) == initiators
        })
    };
    assert!(clean_by([Initiator::Local, Initiator::Peer]), "the client says goodbye");
    assert!(clean_by([Initiator::Peer, Initiator::Local]), "the server says goodbye");
    assert!(clean_by([Initiator::Local, Initiator::Local]), "both do at once");

    for role in [0, 1] {
        let ended = |so: &dyn Fn(&Closure) -> bool| endings.iter().any(|both| so(&both[role]));
        assert!(ended(&|closure| closure.error == Some(ProtocolError::FrameTooBig)));
        assert!(ended(&|closure| closure.error == Some(ProtocolError::MessageTooBig)));
        let unclean = |closure: &Closure| !closure.clean && closure.error.is_none();
        assert!(ended(&|closure| unclean(closure) && closure.code.is_none()), "the peer is gone");
        assert!(ended(&|closure| unclean(closure) && closure.code.is_some()), "no answer in time");
    }
}

// Proves 6455-10.7-1.
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
        ProtocolError::Deflate,
    ] {
        assert!(closures.as_flattened().iter().any(|c| c.error == Some(error)), "{error:?}");
    }
    assert!(closures.iter().any(|[server, _]| server.clean));
    assert!(closures.iter().any(|[_, client]| client.clean));
}

// Proves 6455-10.7-1.
#[test]
fn requests_get_every_status_that_a_handshake_has() {
    let statuses: BTreeSet<_> =
        replay("server_handshake", server_handshake::check).into_iter().collect();
    let every = [None, Some(101), Some(400), Some(403), Some(405), Some(426), Some(431)];
    assert_eq!(statuses, BTreeSet::from(every));
}

// Proves 6455-10.7-1.
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
        "history",
        "joined",
        "message",
        "name_invalid",
        "name_reserved",
        "name_taken",
        "no_such_user",
        "not_joined",
        "pong",
        "presence",
        "private",
        "rate_limited",
        "room_invalid",
        "rooms",
        "too_long",
        "too_many_rooms",
        "typing",
        "unknown_type",
    ] {
        assert!(heard.contains(kind), "nothing leads to {kind}");
    }
}
