"""Clients that send everything at once and read nothing, like `echo '{…}' | websocat URL`."""

import json

import pytest

from peers import CLIENTS, OriginalClient
from raw import TEXT, Raw, close, frame, request


def text(**fields):
    return frame(TEXT, json.dumps(fields).encode())


def join(username):
    return text(type="join", username=username, content="", timestamp=123456)


def message(content):
    return text(type="message", content=content)


def test_a_join_right_before_a_close_takes_effect(v1, server):
    observer = v1("Observer")
    with Raw(server.port) as raw:
        raw.send(request())
        raw.send(join("T") + close())
        joined = observer.wait_for(event="join", user="T")
        assert joined["content"] == "T has joined the chat"
        raw.read_switching_protocols()
        assert raw.read_close() == 1000
    observer.wait_until_left("T")


def test_everything_in_the_segment_of_the_request_takes_effect(v1, server):
    observer = v1("Observer")
    with Raw(server.port) as raw:
        raw.send(request() + join("T") + message("hello") + close())
        raw.end_writing()
        observer.wait_for(event="join", user="T")
        observer.wait_for(type="message", username="T", content="hello")
        observer.wait_until_left("T")


def test_a_message_before_the_end_of_the_connection_takes_effect(v1, server):
    """No Close at all: the TCP connection just ends (1006 to the server)."""
    observer = v1("Observer")
    with Raw.opened(server.port) as raw:
        raw.send(join("T") + message("hello"))
        raw.end_writing()
        observer.wait_for(type="message", username="T", content="hello")
        observer.wait_until_left("T")


@pytest.mark.parametrize("kind", list(CLIENTS))
def test_an_original_client_with_piped_input_is_heard_in_full(start, server, v1, kind):
    observer = v1("Observer")
    client = start(OriginalClient, kind, server.uri, "T")
    client.type(*[f"line {n}" for n in range(10)])
    client.end_input()
    observer.wait_until_left("T")
    assert observer.said() == [("T", f"line {n}") for n in range(10)]


def test_many_at_once_are_all_heard(v1, server):
    observer = v1("Observer")
    names = [f"T{n}" for n in range(8)]
    clients = [Raw(server.port) for _ in names]
    for name, raw in zip(names, clients):
        raw.send(request() + join(name) + message(f"hello from {name}") + close())
    for raw in clients:
        with raw:
            raw.read_switching_protocols()
            assert raw.read_close() == 1000
            assert raw.read_to_end() == b""
    while len(observer.events("leave")) < len(names):
        observer.receive()

    assert sorted(observer.said()) == [(name, f"hello from {name}") for name in names]
    assert sorted(set(observer.events("join")) - {"Observer"}) == names
    assert sorted(observer.events("leave")) == names
