use proptest::prelude::*;

use super::*;
use crate::chat::time::Timestamp;

fn command(json: &str) -> Result<Command<'_>, ErrorCode> {
    let object = Object::parse(json.as_bytes()).map_err(|refusal| refusal.code)?;
    object.command().map_err(|refusal| refusal.code)
}

fn words(json: &str) -> String {
    let object = Object::parse(json.as_bytes());
    object.and_then(|object| object.command().map(|_| ())).unwrap_err().words.into_owned()
}

#[test]
fn every_command_is_understood() {
    let (user, dev) = (UserName::parse("A").unwrap(), RoomName::parse("dev").unwrap());
    let join = |room, resume| {
        let (user, session, mail) = (user.clone(), None, Mail::Waiting);
        Ok(Command::Join(Join { user, room, resume, session, mail }))
    };
    let after = |epoch, seq| Some(Resume::After { epoch, seq });
    let since = |millis| Some(Resume::Since(Timestamp::from_millis(millis)));
    let typing = |place, is_typing| Ok(Command::Typing { place, is_typing });
    let history = |part, limit| Ok(Command::History { room: None, part, limit });
    for (json, expected) in [
        (r#"{"type":"join","username":"A"}"#, join(None, None)),
        (r#"{"type":"join","username":" A ","room":"Dev"}"#, join(Some(dev.clone()), None)),
        (
            r#"{"type":"join","username":"A","resume":{"epoch":"5eed","seq":1}}"#,
            join(None, after(Some(Epoch::new(0x5eed)), 1)),
        ),
        (
            r#"{"type":"join","username":"A","resume":{"seq":1,"epoch":"?","x":[]}}"#,
            join(None, after(None, 1)),
        ),
        (
            r#"{"type":"join","username":"A","since":1,"room":null,"session":"?"}"#,
            join(None, since(1)),
        ),
        (
            r#"{"type":"join","username":"A","since":1700000000.5}"#,
            join(None, since(1_700_000_000_500)),
        ),
        (
            r#"{"type":"private","to":"a ","content":"x"}"#,
            Ok(Command::Private { to: UserName::parse("a").unwrap(), content: "x".into() }),
        ),
        (r#"{"type":"typing","isTyping":true}"#, typing(Place::Room(None), true)),
        (
            r#"{"type":"typing","isTyping":false,"to":"A"}"#,
            typing(Place::Person(user.clone()), false),
        ),
        (r#"{"type":"typing.start","room":"dev"}"#, typing(Place::Room(Some(dev.clone())), true)),
        (r#"{"type":"typing.stop"}"#, typing(Place::Room(None), false)),
        (r#"{"type":"history"}"#, history(Part::Newest, None)),
        (r#"{"type":"history","before":7,"limit":2}"#, history(Part::Before(7), Some(2))),
        (r#"{"type":"history","after":0}"#, history(Part::After(0), None)),
        (r#"{"type":"leave"}"#, Ok(Command::Leave { room: None })),
        (r#"{"type":"who","room":"dev"}"#, Ok(Command::Who { room: Some(dev.clone()) })),
        (r#"{"type":"rooms"}"#, Ok(Command::Rooms)),
        (r#" { "\u0074ype" : "pi\u006eg" } "#, Ok(Command::Ping)),
    ] {
        assert_eq!(command(json), expected, "{json}");
    }
}

#[test]
fn a_client_that_comes_back_says_who_it_was_and_what_it_saw() {
    let token = "00112233445566778899aabbccddeeff";
    for (id, expected) in [
        ("5eed-7", Mail::After(Some(Position { epoch: Epoch::new(0x5eed), seq: 7 }))),
        ("another server's", Mail::After(None)),
    ] {
        let json = format!(
            r#"{{"type":"join","username":"A","session":"{token}","private_after":"{id}"}}"#
        );
        let Ok(Command::Join(join)) = command(&json) else { panic!("{:?}", command(&json)) };
        assert_eq!(join.session.map(|session| session.to_string()).as_deref(), Some(token));
        assert_eq!(join.mail, expected);
    }
}

#[test]
fn content_without_escapes_is_borrowed() {
    let json = r#"{"type":"message","content":"né"}"#;
    let Ok(Command::Message { content: Cow::Borrowed("né"), room: None }) = command(json) else {
        panic!("copied: {:?}", command(json));
    };
    let escaped = command(r#"{"type":"message","content":"a\n\ud83e\udd80"}"#);
    assert_eq!(escaped, Ok(Command::Message { content: "a\n🦀".into(), room: None }));
}

#[test]
fn what_is_not_json_is_bad_json() {
    let deep_and_open = "[".repeat(60_000);
    for json in [
        "",
        " ",
        "{",
        "{}{}",
        "{\"type\"}",
        "{'type':'ping'}",
        "[1,2",
        "nul",
        "{\"a\":1,}",
        "{\"type\":\"ping\"} x",
        "\u{feff}{}",
        "{\"a\":\"\n\"}",
        "{\"a\":01}",
        "{\"a\":\"\\x\"}",
        "{\"room\":1,\"room\":2",
        &deep_and_open,
    ] {
        assert_eq!(command(json), Err(ErrorCode::BadJson), "{json:.40}");
    }
    let not_utf8 = Object::parse(b"{\"type\":\"\xff\"}").unwrap_err();
    assert_eq!(not_utf8.code, ErrorCode::BadJson);
}

#[test]
fn json_that_is_no_usable_object_is_a_bad_message() {
    let deep = "[".repeat(30_000) + &"]".repeat(30_000);
    for json in [
        "[]",
        "[\"message\",\"A\",\"x\"]",
        "1",
        "1e400",
        "null",
        "true",
        "\"join\"",
        "{}",
        &deep,
        r#"{"type":"ping","type":"ping"}"#,
        r#"{"type":"ping","\u0074ype":"leave"}"#,
        r#"{"type":"message","content":"a","content":"b"}"#,
    ] {
        assert_eq!(command(json), Err(ErrorCode::BadMessage), "{json:.40}");
    }
}

#[test]
fn a_refusal_does_not_quote_at_length() {
    let long = "x".repeat(60_000);
    for json in [
        format!("\"{long}\""),
        format!("{{\"{long}\":0,"),
        format!("{{\"type\":\"{long}\"}}"),
        format!("{{\"type\":1,\"{long}\":\"\\ud800\",\"type\":2}}"),
        format!("{{\"\\ud800{long}\":1}}"),
        format!("{{\"type\":\"join\",\"username\":\"{long}\"}}"),
    ] {
        assert!(words(&json).len() < 100, "{}", words(&json));
    }
}

#[test]
fn a_field_that_is_needed_must_be_there_and_a_string_and_is_named_in_the_answer() {
    let wrong = ["null", "1", "1e400", "true", "[]", "{}", r#""\ud800""#, r#""\udc00x""#];
    for (rest, field) in
        [("", "type"), (r#","type":"join""#, "username"), (r#","type":"message""#, "content")]
    {
        assert_eq!(words(&format!(r#"{{"x":0{rest}}}"#)), format!("`{field}` is missing."));
        for value in wrong {
            let json = format!(r#"{{"{field}":{value}{rest}}}"#);
            assert_eq!(command(&json), Err(ErrorCode::BadMessage), "{json}");
            assert!(words(&json).starts_with(&format!("`{field}` ")), "{json}");
        }
    }
}

#[test]
fn an_optional_field_may_be_null_but_not_of_another_type() {
    for kind in [
        r#""type":"join","username":"A""#,
        r#""type":"message","content":"x""#,
        r#""type":"leave""#,
        r#""type":"who""#,
    ] {
        assert!(command(&format!(r#"{{{kind},"room":null}}"#)).is_ok());
        for value in ["1", "true", "[]", "{}", r#""\ud800""#] {
            let json = format!(r#"{{{kind},"room":{value}}}"#);
            assert_eq!(command(&json), Err(ErrorCode::BadMessage), "{json}");
            assert!(words(&json).starts_with("`room` "), "{json}");
        }
        for value in [r#""""#, r#""a b""#, r#""\u0000""#] {
            let json = format!(r#"{{{kind},"room":{value}}}"#);
            assert_eq!(command(&json), Err(ErrorCode::RoomInvalid), "{json}");
        }
    }
}

#[test]
fn a_field_that_is_not_needed_may_be_anything() {
    for value in ["null", "1e400", "[]", r#""\ud800""#, "-0", "{\"a\":{}}"] {
        let json = format!(
            r#"{{"type":"ping","timestamp":{value},"username":{value},"content":{value},
            "room":{value},"resume":{value},"unheard_of":{value},"unheard_of":{value}}}"#
        );
        assert_eq!(command(&json), Ok(Command::Ping), "{json}");
    }
}

#[test]
fn a_field_of_the_wrong_kind_is_a_bad_message_that_names_it() {
    const OBJECTS: [&str; 7] =
        ["true", "7", r#""x""#, "[]", "{}", r#"{"epoch":"1"}"#, r#"{"seq":1}"#];
    for (kind, field, values) in [
        ("join\",\"username\":\"A", "resume", &OBJECTS[..]),
        (
            "join\",\"username\":\"A",
            "resume",
            &[r#"{"epoch":"1","seq":-1}"#, r#"{"epoch":1,"seq":1}"#],
        ),
        ("join\",\"username\":\"A", "since", &["true", r#""1""#, "[]", "{}", "1e400"]),
        ("join\",\"username\":\"A", "session", &["true", "7", "[]", "{}", r#""\ud800""#]),
        ("join\",\"username\":\"A", "private_after", &["true", "7", "[]", "{}"]),
        ("private\",\"content\":\"x", "to", &["true", "7", "[]", "{}", "null"]),
        ("typing", "isTyping", &["null", "7", r#""true""#, "[]", "{}"]),
        ("history", "before", &["true", r#""1""#, "-1", "1.5", "1e400", "[]"]),
        ("history", "after", &["true", r#""1""#, "-1", "1.5", "{}"]),
        ("inspect", "on", &["null", "7", r#""true""#, "[]", "{}"]),
        ("history", "limit", &["true", r#""1""#, "-1", "1.5", "{}"]),
    ] {
        for value in values {
            let json = format!(r#"{{"type":"{kind}","{field}":{value}}}"#);
            assert_eq!(command(&json), Err(ErrorCode::BadMessage), "{json}");
            assert!(words(&json).contains(&format!("`{field}`")), "{json}: {}", words(&json));
        }
    }
}

#[test]
fn what_contradicts_itself_is_a_bad_message() {
    for json in [
        r#"{"type":"typing","isTyping":true,"room":"dev","to":"A"}"#,
        r#"{"type":"history","before":5,"after":1}"#,
    ] {
        assert_eq!(command(json), Err(ErrorCode::BadMessage), "{json}");
    }
}

#[test]
fn hostile_names_and_types_have_their_own_codes() {
    for (json, code) in [
        (r#"{"type":"join","username":""}"#, ErrorCode::NameInvalid),
        (r#"{"type":"join","username":"a\u0000b"}"#, ErrorCode::NameInvalid),
        (r#"{"type":"join","username":"a\u202eb"}"#, ErrorCode::NameInvalid),
        (r#"{"type":"join","username":"System"}"#, ErrorCode::NameReserved),
        (r#"{"type":"message","content":""}"#, ErrorCode::BadMessage),
        (r#"{"type":"message","content":" \n\t"}"#, ErrorCode::BadMessage),
        (r#"{"type":""}"#, ErrorCode::UnknownType),
        (r#"{"type":"JOIN"}"#, ErrorCode::UnknownType),
        (r#"{"type":"private","to":"","content":"x"}"#, ErrorCode::NoSuchUser),
        (r#"{"type":"private","to":"System","content":"x"}"#, ErrorCode::NoSuchUser),
        (r#"{"type":"typing","to":"a\u0000","isTyping":true}"#, ErrorCode::NoSuchUser),
    ] {
        assert_eq!(command(json), Err(code), "{json}");
    }
}

#[test]
fn a_nonce_is_a_short_string_or_number_and_comes_back_as_it_was_written() {
    let nonce = |value: &str| {
        let json = format!(r#"{{"type":"ping","nonce":{value}}}"#);
        let object = Object::parse(json.as_bytes()).unwrap();
        (
            object.nonce().map(str::to_owned),
            object.command().map(|_| ()).map_err(|refusal| refusal.code),
        )
    };
    let longest = format!("\"{}\"", "x".repeat(126));
    for value in [r#""a""#, r#""""#, r#""\u0061""#, "1", "1.50", "-1e3", &longest] {
        assert_eq!(nonce(value), (Some(value.to_owned()), Ok(())));
    }
    assert_eq!(nonce("null"), (None, Ok(())));
    let too_long = format!("\"{}\"", "x".repeat(127));
    for value in ["true", "[]", "{}", "1e400", r#""\ud800""#, &too_long] {
        assert_eq!(nonce(value), (None, Err(ErrorCode::BadMessage)), "{value}");
    }
}

#[test]
fn the_unit_is_read_from_any_object_and_from_numbers_only() {
    for (value, unit) in [
        ("1700000000", Some(Unit::Seconds)),
        ("1700000000.25", Some(Unit::Seconds)),
        ("1700000000000", Some(Unit::Millis)),
        ("1.7e12", Some(Unit::Millis)),
        ("123456", None),
        ("1e400", None),
        ("-1700000000", None),
        ("null", None),
        ("\"1700000000\"", None),
        ("[1700000000]", None),
    ] {
        let json = format!(r#"{{"timestamp":{value}}}"#);
        assert_eq!(Object::parse(json.as_bytes()).unwrap().unit(), unit, "{value}");
    }
}

proptest! {
    #[test]
    fn no_payload_makes_the_parser_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(object) = Object::parse(&payload) {
            let _ = (object.command(), object.unit(), object.nonce());
        }
    }

    #[test]
    fn nor_does_anything_that_looks_like_json(
        payload in r#"\{("(type|content|room|username|nonce|timestamp)":("(join|message|ping|\\ud800|a|\\u0000)"|1e400|[0-9]{1,20}|null|\[\]|\{\})(,|\}|)){0,6}"#
    ) {
        if let Ok(object) = Object::parse(payload.as_bytes()) {
            let _ = (object.command(), object.unit(), object.nonce());
        }
    }
}
