"""Our terminal client, `wirechat join`, with the original servers and with our own."""

import pytest

from peers import SERVERS, OriginalClient, OriginalServer, OurClient, Server, wirechat
from program import Program, eventually

# Who watches on which server: a client with the same unit of time.
WATCHER = {"python-13": "python-17", "python-17": "python-13", "node": "node"}


@pytest.fixture(params=SERVERS)
def original(request, start):
    """An original server of each kind, and a client with its unit of time that watches."""
    server = start(OriginalServer, request.param)
    watcher = start(OriginalClient, WATCHER[request.param], server.uri, "Watcher")
    server.wait_for_received("join", "Watcher")
    return server, watcher


def test_lines_of_input_are_messages(original, start):
    server, _ = original
    ann = start(OurClient, server.uri, "Ann")
    ann.type("one", "two: é €")
    server.wait_for_received("join", "Ann")
    server.wait_for_received("message", "Ann", "one")
    server.wait_for_received("message", "Ann", "two: é €")


def test_messages_of_others_are_printed_as_objects(original, start):
    server, watcher = original
    ann = start(OurClient, server.uri, "Ann")
    server.wait_for_received("join", "Ann")
    watcher.type("hello Ann")
    ann.wait_for_event(username="Watcher", content="hello Ann")


def test_it_speaks_in_the_unit_of_time_of_the_server(original, start):
    """The server passes its objects on as they are, and one in another unit would end the
    watcher's listening."""
    server, watcher = original
    ann = start(OurClient, server.uri, "Ann")
    ann.type("what time is it?")
    watcher.wait_for_shown("Ann", "what time is it?")
    watcher.type("still here")
    watcher.wait_for_shown("Watcher", "still here")


def test_the_distance_to_the_server_is_measured(original, start):
    server, _ = original
    ann = start(OurClient, server.uri, "Ann")
    assert 0 < ann.wait_for_event(type="latency")["latency_ms"] < 5000


def test_piped_input_is_sent_in_full_before_the_close(original, start):
    server, _ = original
    lines = [f"line {n}" for n in range(50)]
    ann = start(OurClient, server.uri, "Ann")
    ann.type(*lines)
    ann.end_input()
    assert ann.wait(seconds=60) == 0
    # The newest websockets may sit out its close timeout of 10 s before it hands over the rest.
    server.wait_for_received("message", "Ann", lines[-1], seconds=30)
    received = [line for line in server.stdout.so_far() if line.startswith("message Ann: ")]
    assert received == [f"message Ann: {line}" for line in lines]
    assert all(isinstance(event, dict) for event in ann.events())


@pytest.mark.parametrize("kind", SERVERS)
def test_it_comes_back_after_the_server_was_killed(start, kind):
    first = start(OriginalServer, kind)
    ann = start(OurClient, first.uri, "Ann")
    ann.type("before")
    first.wait_for_received("message", "Ann", "before")
    # Not before it has come back: what may have been lost is rightly sent again.
    ann.wait_for_event(username="Ann", content="before")
    quiet = len(ann.stderr.so_far())
    first.kill()
    ann.stderr.wait_until(
        lambda lines: any("connect" in line for line in lines[quiet:]), "report of connecting"
    )

    second = start(OriginalServer, kind, first.port)
    second.stdout.wait_for("join Ann: ".__eq__, "second join", seconds=60)
    watcher = start(OriginalClient, WATCHER[kind], second.uri, "Watcher")
    second.wait_for_received("join", "Watcher")
    ann.wait_for_event(type="missed", reason="no_log")
    watcher.type("welcome back")
    ann.wait_for_event(username="Watcher", content="welcome back")
    ann.type("after")
    watcher.wait_for_shown("Ann", "after")
    ann.end_input()
    assert ann.wait() == 0
    said = [line for line in second.stdout.so_far() if line.startswith("message Ann: ")]
    assert said == ["message Ann: after"], "nothing is sent twice"


def test_two_of_our_own_talk_over_our_server(start, server):
    ann = start(OurClient, server.uri, "Ann")
    ann.wait_for_event(type="joined")
    bob = start(OurClient, server.uri, "Bob")
    bob.wait_for_event(type="joined")
    ann.type("hello Bob")
    bob.wait_for_event(type="message", username="Ann", content="hello Bob")
    bob.type("hello Ann")
    ann.wait_for_event(type="message", username="Bob", content="hello Ann")
    ann.end_input()
    assert ann.wait() == 0
    bob.wait_for_event(event="leave", user="Ann")


def test_what_our_server_has_stored_is_reported(start, server):
    ann = start(OurClient, server.uri, "Ann")
    ann.type('{"type":"message","content":"one","nonce":"n-1"}')
    stored = ann.wait_for_event(type="delivered", nonce="n-1")
    message = ann.wait_for_event(type="message", content="one")
    assert (stored["id"], stored["seq"]) == (message["id"], message["seq"])


def test_lines_that_begin_with_a_slash_are_commands(start, server):
    ann = start(Program, wirechat("join", server.uri, "--name", "Ann"))
    ann.type("/join rust", "hello", "//who", "/who", "/nick Anna", "/dance", "/quit")
    assert ann.wait() == 1, "one line was not understood"
    shown = ann.stdout.so_far()
    for words in ["#rust Ann: hello", "#rust Ann: /who", "* In rust (1): Ann"]:
        assert any(line.endswith(words) for line in shown), shown
    assert not any("dance" in line for line in shown)
    assert any("/dance is no command" in line for line in ann.stderr.so_far())


def test_it_comes_back_to_our_server_after_that_was_killed(start):
    first = start(Server)
    ann = start(OurClient, first.uri, "Ann")
    ann.wait_for_event(type="joined")
    first.kill()
    second = start(Server, f"127.0.0.1:{first.port}")
    eventually(
        lambda: sum(event.get("type") == "joined" for event in ann.events()) == 2,
        "a second join",
        seconds=60,
    )
    bob = start(OurClient, second.uri, "Bob")
    bob.type("welcome back")
    ann.wait_for_event(type="message", username="Bob", content="welcome back")
