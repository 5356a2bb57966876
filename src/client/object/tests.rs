//! What the objects of a server mean.

use super::*;

fn object(json: &str) -> Object {
    Received::parse(json.to_owned()).expect("an object").object
}

fn message(json: &str) -> Message {
    match object(json) {
        Object::Message(message) => message,
        other => panic!("not a message: {other:?}"),
    }
}

#[test]
fn a_time_is_the_same_in_either_unit() {
    for (time, unit) in [
        ("1700000000123", Some(Unit::Millis)),
        ("1700000000.123", Some(Unit::Seconds)),
        ("1700000000123.0", Some(Unit::Millis)),
    ] {
        let message = message(&format!(r#"{{"type":"message","timestamp":{time}}}"#));
        assert_eq!(message.timestamp, Some(Timestamp::from_millis(1_700_000_000_123)));
        assert_eq!(message.unit, unit);
    }
}

#[test]
fn fields_of_the_wrong_type_count_as_absent() {
    let message = message(
        r#"{"type":"message","username":1,"content":["x"],"timestamp":"noon","seq":-1,"room":{}}"#,
    );
    assert_eq!((message.username.as_str(), message.content.as_str()), ("", ""));
    assert_eq!((message.timestamp, message.seq, message.room), (None, None, None));
}

#[test]
fn what_is_no_json_object_is_nothing_and_an_unknown_object_is_other() {
    for text in ["", "hello", "[]", "null", r#""x""#, "{", r#"{"a":1} x"#] {
        assert_eq!(Received::parse(text.to_owned()), None, "{text}");
    }
    for text in ["{}", r#"{"type":7}"#, r#"{"type":"wave"}"#] {
        assert_eq!(object(text), Object::Other, "{text}");
    }
}

#[test]
fn an_error_says_what_it_is_about_and_when_to_try_again() {
    let json = r#"{"type":"error","code":"rate_limited","content":"Too fast","nonce":"n-1",
        "retry_after_ms":50}"#;
    let Object::Error(refusal) = object(json) else { panic!("not an error") };
    assert_eq!((refusal.code.as_str(), refusal.words.as_str()), ("rate_limited", "Too fast"));
    assert_eq!((refusal.nonce, refusal.retry_after_ms), ("n-1".into(), Some(50)));
}

#[test]
fn joined_tells_whom_we_are_and_where_the_log_stands() {
    let json = r#"{"type":"joined","room":"lobby","user":"Ann","epoch":"5eed","seq":7,"users":["Ann"],
        "count":3,"session":"00ff","recovered":false,"reason":"too_old"}"#;
    let Object::Joined(joined) = object(json) else { panic!("not joined") };
    assert_eq!((joined.room.as_str(), joined.user.as_deref()), ("lobby", Some("Ann")));
    assert_eq!((joined.epoch.as_deref(), joined.seq), (Some("5eed"), Some(7)));
    assert_eq!((joined.users, joined.count), (vec!["Ann".to_owned()], 3));
    assert_eq!((joined.session.as_deref(), joined.recovered), (Some("00ff"), false));
    assert_eq!(joined.reason.as_deref(), Some("too_old"));
}

#[test]
fn history_has_messages_that_read_like_those_that_come_by_themselves() {
    let json = r#"{"type":"history","room":"lobby","epoch":"5eed","more":true,"messages":[
        {"type":"message", "username":"Bob","content":"hi","seq":3,"id":"5eed-3"},7]}"#;
    let received = Received::parse(json.to_owned()).expect("an object");
    let Object::History(history) = &received.object else { panic!("no history") };
    assert!(history.more);
    assert_eq!(history.messages.len(), 1);
    assert_eq!((history.messages[0].content.as_str(), history.messages[0].seq), ("hi", Some(3)));
    let alone = &received.messages()[0];
    assert_eq!(alone.object, Object::Message(history.messages[0].clone()));
    assert!(alone.json.starts_with(r#"{"type":"message", "username""#), "as it was written");
}

#[test]
fn what_others_do_is_told_with_names_and_places() {
    let Object::Typing(typing) =
        object(r#"{"type":"typing","username":"Bob","isTyping":true,"room":"x"}"#)
    else {
        panic!("not typing")
    };
    assert_eq!((typing.username.as_str(), typing.is_typing), ("Bob", true));
    assert_eq!(typing.room.as_deref(), Some("x"));
    let json = r#"{"type":"private","username":"Bob","from":"Bob","to":"Ann","content":"psst","id":"e-1"}"#;
    let Object::Private(private) = object(json) else { panic!("not private") };
    assert_eq!((private.from.as_str(), private.to.as_str()), ("Bob", "Ann"));
    let json = r#"{"type":"rooms","rooms":[{"room":"lobby","users":2},{"users":1},"x"]}"#;
    let Object::Rooms(rooms) = object(json) else { panic!("no rooms") };
    assert_eq!(rooms.rooms, [RoomSize { room: "lobby".to_owned(), users: 2 }]);
    let Object::GoingAway(going) = object(r#"{"type":"going_away","reconnect_after_ms":1500}"#)
    else {
        panic!("it stays")
    };
    assert_eq!(going.reconnect_after, Duration::from_millis(1500));
}
