use super::*;
use crate::proto::{Decoder, Role};

fn assembler() -> Assembler {
    Assembler::new(&Limits { max_message: 100, max_fragments: 4, ..Limits::default() })
}

/// Everything a client makes of these bytes from a server.
fn events_of(mut assembler: Assembler, bytes: &[u8]) -> Result<Vec<Event<'static>>, ProtocolError> {
    let mut decoder = Decoder::new(Role::Client, &Limits::default());
    let mut bytes = bytes.to_vec();
    let mut input = &mut bytes[..];
    let mut events = Vec::new();
    while let Some(chunk) = decoder.decode(&mut input)? {
        if let Some(event) = assembler.push(chunk)? {
            events.push(owned(event));
        }
    }
    Ok(events)
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Text(text) => Event::Text(Cow::Owned(text.into_owned())),
        Event::Binary(bytes) => Event::Binary(Cow::Owned(bytes.into_owned())),
        Event::Ping(bytes) => Event::Ping(Cow::Owned(bytes.into_owned())),
        Event::Pong(bytes) => Event::Pong(Cow::Owned(bytes.into_owned())),
        Event::Close(close) => Event::Close(close),
    }
}

fn text(text: &'static str) -> Event<'static> {
    Event::Text(text.into())
}

// Proves 6455-5.4-2, 6455-5.4-5.
#[test]
fn section_5_4_fragments_are_joined() {
    let wire = b"\x01\x03Hel\x00\x00\x80\x02lo";
    assert_eq!(events_of(assembler(), wire), Ok(vec![text("Hello")]));
}

// Proves 6455-5.4-4, 6455-6.2-2.
#[test]
fn section_5_4_a_control_frame_may_stand_between_fragments() {
    let wire = b"\x01\x03Hel\x89\x01!\x80\x02lo";
    let events = vec![Event::Ping(b"!".as_slice().into()), text("Hello")];
    assert_eq!(events_of(assembler(), wire), Ok(events));
}

// Proves 6455-5.4-9.
#[test]
fn section_5_4_a_continuation_needs_a_beginning() {
    for wire in [&b"\x80\x00"[..], b"\x00\x00", b"\x81\x00\x80\x00"] {
        assert_eq!(events_of(assembler(), wire), Err(ProtocolError::UnexpectedContinuation));
    }
}

// Proves 6455-5.4-3, 6455-5.4-9.
#[test]
fn section_5_4_a_new_message_waits_for_the_end_of_the_last() {
    for wire in [b"\x01\x00\x81\x00", b"\x01\x00\x02\x00", b"\x02\x00\x82\x00"] {
        assert_eq!(events_of(assembler(), wire), Err(ProtocolError::ExpectedContinuation));
    }
}

// Proves 6455-6.2-3, 6455-6.2-4.
#[test]
fn section_5_6_empty_messages_are_messages() {
    let wire = b"\x81\x00\x82\x00\x01\x00\x80\x00";
    let events = vec![text(""), Event::Binary(b"".as_slice().into()), text("")];
    assert_eq!(events_of(assembler(), wire), Ok(events));
}

// Proves 6455-5.6-1.
#[test]
fn section_8_1_a_character_may_be_cut_by_a_fragment() {
    assert_eq!(events_of(assembler(), b"\x01\x01\xc3\x80\x01\xa9"), Ok(vec![text("é")]));
}

// Proves 6455-8.1-1.
#[test]
fn section_8_1_bad_text_is_refused_before_its_frame_is_complete() {
    // A frame of ten bytes of which two have arrived; the second cannot be UTF-8.
    assert_eq!(events_of(assembler(), b"\x81\x0aA\xff"), Err(ProtocolError::Utf8));
    // Likewise in a fragment whose successor has not arrived.
    assert_eq!(events_of(assembler(), b"\x01\x02A\xff"), Err(ProtocolError::Utf8));
}

// Proves 6455-5.6-1.
#[test]
fn section_8_1_text_that_ends_inside_a_character_is_refused() {
    for wire in [&b"\x81\x01\xc3"[..], b"\x01\x01\xc3\x80\x00"] {
        assert_eq!(events_of(assembler(), wire), Err(ProtocolError::Utf8));
    }
}

// Proves 6455-5.6-1.
#[test]
fn section_5_6_a_binary_message_may_hold_any_bytes() {
    let bytes = Event::Binary(b"\xff\xfe".as_slice().into());
    assert_eq!(events_of(assembler(), b"\x02\x01\xff\x80\x01\xfe"), Ok(vec![bytes]));
}

// Proves 6455-10.4-1, 6455-10.4-2.
#[test]
fn section_10_4_a_message_above_the_limit_is_refused_by_the_head_that_exceeds_it() {
    assert!(events_of(assembler(), &[&b"\x82\x64"[..], &[0; 100]].concat()).is_ok());
    assert_eq!(events_of(assembler(), b"\x82\x65"), Err(ProtocolError::MessageTooBig));
    let begun = [&b"\x02\x64"[..], &[0; 100], b"\x80\x01"].concat();
    assert_eq!(events_of(assembler(), &begun), Err(ProtocolError::MessageTooBig));
}

// Proves 6455-10.4-1.
#[test]
fn section_10_4_a_message_in_too_many_fragments_is_refused_even_if_they_are_empty() {
    assert!(events_of(assembler(), b"\x02\x00\x00\x00\x00\x00\x80\x00").is_ok());
    let five = b"\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    assert_eq!(events_of(assembler(), five), Err(ProtocolError::TooManyFragments));
}

// Proves 6455-5.2-1.
#[test]
fn a_message_that_arrives_whole_is_not_copied() {
    let mut decoder = Decoder::new(Role::Client, &Limits::default());
    let mut wire = *b"\x81\x05Hello";
    let mut input = &mut wire[..];
    let chunk = decoder.decode(&mut input).unwrap().unwrap();
    let event = assembler().push(chunk).unwrap().unwrap();
    assert!(matches!(event, Event::Text(Cow::Borrowed("Hello"))));
}

#[cfg(feature = "deflate")]
#[test]
fn rfc_7692_6_a_compressed_message_is_refused_where_nothing_inflates_it() {
    let limits = Limits::default();
    let mut decoder = Decoder::new(Role::Client, &limits).with_compression();
    let mut wire = *b"\xc1\x01\x00";
    let chunk = decoder.decode(&mut &mut wire[..]).unwrap().unwrap();
    assert_eq!(assembler().push(chunk), Err(ProtocolError::ReservedBits));
}

// Proves 6455-5.5-2.
#[test]
fn section_5_5_a_control_frame_may_arrive_in_pieces() {
    let mut decoder = Decoder::new(Role::Client, &Limits::default());
    let mut assembler = assembler();
    let mut events = Vec::new();
    for byte in b"\x89\x05Hello\x88\x02\x03\xe8" {
        let mut byte = [*byte];
        let mut input = &mut byte[..];
        while let Some(chunk) = decoder.decode(&mut input).unwrap() {
            events.extend(assembler.push(chunk).unwrap().map(owned));
        }
    }
    let close = CloseFrame::parse(b"\x03\xe8").unwrap();
    assert_eq!(events, [Event::Ping(b"Hello".as_slice().into()), Event::Close(close)]);
}
