"""What the chat answers to objects that it cannot take: the one who sent it hears why, nobody else hears anything."""

import json

import pytest

from dialects import V1


def join(username):
    return json.dumps({"type": "join", "username": username})


def message(content):
    return json.dumps({"type": "message", "content": content})


# Each row: what it is, the text sent, the code that answers it.
BAD_OBJECTS = [
    ("no text", "", "bad_json"),
    ("only space", " \n", "bad_json"),
    ("a word", "nonsense", "bad_json"),
    ("half an object", '{"type":"message","content":"hi', "bad_json"),
    ("two objects", '{"type":"ping"}{"type":"ping"}', "bad_json"),
    ("a trailing comma", '{"type":"message","content":"hi",}', "bad_json"),
    ("a raw control character", '{"type":"message","content":"a\x01b"}', "bad_json"),
    ("half a surrogate pair", r'{"type":"message","content":"\ud800"}', "bad_message"),
    ("deep arrays", "[" * 30_000 + "]" * 30_000, "bad_json|bad_message"),
    ("deep objects", '{"type":' * 5_000 + "0" + "}" * 5_000, "bad_json|bad_message"),
    ("null", "null", "bad_message"),
    ("true", "true", "bad_message"),
    ("a number", "42", "bad_message"),
    ("a string", '"message"', "bad_message"),
    ("an array", "[]", "bad_message"),
    ("an array of objects", f"[{message('hi')}]", "bad_message"),
    ("no type", "{}", "bad_message"),
    ("no type but content", '{"content":"hi"}', "bad_message"),
    ("type null", '{"type":null}', "bad_message"),
    ("type a number", '{"type":7}', "bad_message"),
    ("type an object", '{"type":{"type":"message"}}', "bad_message"),
    ("an unknown type", '{"type":"dance"}', "unknown_type"),
    ("an empty type", '{"type":""}', "unknown_type"),
    ("a type in capitals", '{"type":"MESSAGE","content":"hi"}', "unknown_type"),
    ("a type only the server sends", '{"type":"joined"}', "unknown_type"),
    ("a very long type", json.dumps({"type": "x" * 60_000}), "unknown_type"),
    ("a type to clear the screen", json.dumps({"type": "\x1b[2J\x1b]0;x\x07"}), "unknown_type"),
    ("no content", '{"type":"message"}', "bad_message"),
    ("content null", message(None), "bad_message"),
    ("content a number", message(7), "bad_message"),
    ("content an array", message(["hi"]), "bad_message"),
    ("content an object", message({"a": 1}), "bad_message"),
    ("content empty", message(""), "bad_message"),
    ("content too long", message("x" * 4097), "too_long"),
    ("content too long in bytes", json.dumps({"type": "message", "content": "é" * 2049}, ensure_ascii=False), "too_long"),
    ("content huge", message("x" * 60_000), "too_long"),
    ("no name", '{"type":"join"}', "bad_message|name_invalid"),
    ("name null", join(None), "bad_message|name_invalid"),
    ("name a number", join(7), "bad_message"),
    ("name an array", join(["Ann"]), "bad_message"),
    ("name empty", join(""), "name_invalid"),
    ("name of spaces", join("   "), "name_invalid"),
    ("name too long", join("x" * 33), "name_invalid"),
    ("name huge", join("x" * 60_000), "name_invalid"),
    ("name with a line break", join("Ann\nBob"), "name_invalid"),
    ("name with an escape", join("\x1b[31mAnn"), "name_invalid"),
    ("name with a C1 control", join("Ann\u009b31m"), "name_invalid"),
    ("name with NUL", join("Ann\0"), "name_invalid"),
    ("name with a bidirectional override", join("Ann\u202etxt"), "name_invalid"),
    ("name with a zero-width space", join("An\u200bn"), "name_invalid"),
    ("System", join("System"), "name_reserved"),
    ("system", join("system"), "name_reserved"),
    ("System in wide letters", join("Ｓystem"), "name_reserved"),
    ("System with a Cyrillic letter", join("Ѕystem"), "name_reserved"),
    ("Anonymous", join("Anonymous"), "name_reserved"),
    ("Admin", join(" ADMIN "), "name_reserved"),
    ("room a number", '{"type":"join","username":"Ann","room":7}', "bad_message|room_invalid"),
    ("room empty", '{"type":"join","username":"Ann","room":""}', "room_invalid"),
    ("room with an escape", r'{"type":"join","username":"Ann","room":"\u001b[2J"}', "room_invalid"),
    ("room too long", json.dumps({"type": "join", "username": "Ann", "room": "x" * 33}), "room_invalid"),
]  # fmt: skip

# What stands in a field, as JSON, and what it is.
VALUES = {
    "true": "true", "a number": "7", "a negative number": "-1", "half a number": "1.5", "1e400": "1e400",
    "a string": '"x"', "an empty string": '""', "half a surrogate pair": r'"\ud800"', "an escape": r'"\u001b[2J"',
    "a right-to-left override": r'"\u202ex"', "a zero-width space": r'"\u200b"', "a long string": f'"{"x" * 40_000}"',
    "an array": "[]", "deep arrays": "[" * 100 + "]" * 100, "an object": "{}", "null": "null",
}  # fmt: skip

# A command that lacks one field; that field; what may stand in it.
FIELDS = [
    ('"type":"private","content":"hi"', "to", []),
    ('"type":"private","to":"Bystander"', "content", ["a string", "an escape", "a right-to-left override", "a zero-width space"]),
    ('"type":"typing"', "isTyping", ["true"]),
    ('"type":"typing.start"', "room", ["null"]),
    ('"type":"typing.start"', "to", ["null"]),
    ('"type":"history"', "before", ["null", "a number"]),
    ('"type":"history"', "after", ["null", "a number"]),
    ('"type":"history"', "limit", ["null", "a number"]),
    ('"type":"join","username":"Ann"', "resume", ["null"]),
    ('"type":"join","username":"Ann"', "since", ["null", "a number", "a negative number", "half a number"]),
    ('"type":"join","username":"Ann"', "session", [
        "null", "a string", "an empty string", "an escape", "a right-to-left override", "a zero-width space", "a long string",
    ]),
    ('"type":"join","username":"Ann"', "private_after", [
        "null", "a string", "an empty string", "an escape", "a right-to-left override", "a zero-width space", "a long string",
    ]),
    ('"type":"message","content":"hi"', "nonce", [
        "null", "a number", "a negative number", "half a number", "a string", "an empty string", "an escape",
        "a right-to-left override", "a zero-width space",
    ]),
    ('"type":"inspect"', "on", ["true"]),
    ('"type":"leave"', "room", ["null"]),
    ('"type":"who"', "room", ["null", "a string"]),
]  # fmt: skip

BAD_OBJECTS += [
    (
        f"{command}: {field} is {what}",
        f'{{{command},"{field}":{value}}}',
        "bad_message|too_long|room_invalid|no_such_user|not_joined",
    )
    for command, field, may_be in FIELDS
    for what, value in VALUES.items()
    if what not in may_be
]
BAD_OBJECTS += [
    (f"{field} twice", f'{{{command},"{field}":{first},"{field}":{first}}}', "bad_message")
    for command, field, first in [
        ('"type":"private","content":"hi"', "to", '"Bystander"'),
        ('"type":"typing"', "isTyping", "true"),
        ('"type":"history"', "limit", "1"),
        ('"type":"join","username":"Ann"', "session", '"x"'),
    ]
]


@pytest.mark.parametrize(
    ("text", "codes"), [row[1:] for row in BAD_OBJECTS], ids=[row[0] for row in BAD_OBJECTS]
)
def test_a_bad_object_is_refused_and_the_connection_stays(connection, text, codes):
    connection.send_text(text)
    answer = connection.receive()

    if isinstance(connection, V1):
        assert answer["type"] == "error"
        assert answer["code"] in codes.split("|"), answer
    else:
        assert answer["type"] == "message"
    assert answer["username"] == "System"
    assert isinstance(answer["timestamp"], (int, float))
    assert answer["content"]
    assert answer["content"].isprintable(), "an error may end up on a terminal"
    assert len(answer["content"]) < 500
    assert connection.pending() == []


def test_a_refusal_names_the_nonce(busy_server, port):
    client = V1(busy_server[0].uri)
    client.send(type="message", content="", nonce="n1")
    assert client.receive()["nonce"] == "n1"
    client.close()


def test_a_taken_name_is_refused_with_a_suggestion(busy_server, port):
    client = V1(busy_server[0].uri)
    client.send(type="join", username="bystander")
    answer = client.receive()
    assert answer["code"] == "name_taken"
    assert answer["suggestion"] not in ("bystander", "Bystander")
    client.close()


def test_content_of_just_the_limit_is_taken(v1):
    ann = v1("Ann")
    ann.say("é" * 2048)
    assert ann.wait_for_next_said() == ("Ann", "é" * 2048)


@pytest.mark.parametrize("timestamp", ["null", '"now"', "-1", "1e400", "123456", "{}", "[[1]]"])
def test_any_timestamp_is_taken(v1, timestamp):
    ann = v1("Ann")
    ann.send_text(f'{{"type":"message","content":"hi","timestamp":{timestamp}}}')
    assert ann.wait_for_next_said() == ("Ann", "hi")


def test_someone_who_sends_too_fast_is_told_to_wait(v1):
    ann, bob = v1("Ann"), v1("Bob")
    ann.wait_for(event="join", user="Bob")
    for n in range(60):
        ann.say(f"{n}")
    refused = ann.wait_for(type="error", code="rate_limited")
    assert refused["retry_after_ms"] > 0
    bob.say("I may speak")
    ann.wait_for_said("I may speak")
