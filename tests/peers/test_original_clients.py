"""The original chat clients, unmodified, with our server."""

import time

import pytest

from peers import CLIENTS, MILLISECONDS, UNIT

KINDS = list(CLIENTS)


def is_now(timestamp, unit):
    """Whether this is about the present time, in this unit."""
    scale = 1000 if unit is MILLISECONDS else 1
    return int(timestamp) in unit and abs(timestamp / scale - time.time()) < 60


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_is_welcomed_in_its_own_unit_of_time(original_client, kind):
    ann = original_client(kind, "Ann")
    welcome = ann.objects()[0]
    assert welcome["type"] == "message"
    assert welcome["username"] == "System"
    assert is_now(welcome["timestamp"], UNIT[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_sees_everything_in_its_own_unit_of_time(original_client, v1, kind):
    others = [original_client(other, f"{other}-peer") for other in KINDS]
    v1_peer = v1("v1-peer")
    ann = original_client(kind, "Ann")
    v1_peer.wait_for(event="join", user="Ann")

    for other in others:
        other.type(f"from {other.kind}")
    v1_peer.say("from v1")
    ann.type("from myself")
    for other in others:
        ann.wait_for_shown(other.username, f"from {other.kind}")
    ann.wait_for_shown("v1-peer", "from v1")
    ann.wait_for_shown("Ann", "from myself")

    for it in ann.objects():
        assert is_now(it["timestamp"], UNIT[kind]), it
        assert isinstance(it["timestamp"], float if UNIT[kind] is not MILLISECONDS else int), it


def test_clients_of_all_kinds_see_the_same_messages_in_the_same_order(original_client, v1):
    clients = [original_client(kind, f"{kind}-{n}") for kind in KINDS for n in (1, 2)]
    observer = v1("Observer")
    for client in clients:
        client.wait_for_shown("System", "Observer has joined the chat")

    for round in range(5):
        for client in clients:
            client.type(f"{round} of {client.username}")
        observer.say(f"{round} of Observer")
    everything = len(clients) * 5 + 5
    while len(observer.said()) < everything:
        observer.receive()
    expected = observer.said()

    assert len(set(expected)) == everything
    for author in [client.username for client in clients] + ["Observer"]:
        said = [content for username, content in expected if username == author]
        assert said == [f"{round} of {author}" for round in range(5)]
    for client in clients:
        client.wait_for_shown(*expected[-1])
        assert client.messages() == expected


def test_a_v1_client_sees_sequence_numbers_and_milliseconds(original_client, v1):
    observer = v1("Observer")
    ann = original_client("python-13", "Ann")
    observer.wait_for(event="join", user="Ann")
    ann.type("one", "two")
    one = observer.wait_for_said("one")
    two = observer.wait_for_said("two")

    assert two["seq"] == one["seq"] + 1
    assert one["id"] != two["id"]
    for it in (one, two):
        assert it["username"] == "Ann"
        assert it["room"] == "lobby"
        assert isinstance(it["timestamp"], int)
        assert is_now(it["timestamp"], MILLISECONDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_only_ever_gets_messages(original_client, v1, kind):
    ann = original_client(kind, "Ann")
    busy = v1("Busy")
    ann.wait_for_shown("System", "Busy has joined the chat")
    busy.send(type="who")
    busy.send(type="rooms")
    busy.send(type="ping", nonce="1")
    busy.send(type="typing", isTyping=True)
    busy.send(type="typing.start", to="Ann")
    busy.send(type="private", to="Ann", content="for Ann alone", nonce="p")
    busy.send(type="private", to="Busy", content="a note")
    busy.send(type="history", limit=5)
    busy.send(type="join", username="Busy", room="elsewhere")
    busy.send(type="leave", room="elsewhere")
    busy.send(type="nonsense")
    busy.send(type="message", content="with a nonce", nonce="2")
    busy.send(type="join", username="Busier")
    busy.say("the last one")
    ann.wait_for_shown("Busy (private)", "for Ann alone")
    ann.wait_for_shown("Busier", "the last one")

    for it in ann.objects():
        assert it["type"] == "message", it
        assert {"username", "content", "timestamp"} <= it.keys(), it
    assert not any(line.startswith("* ") for line in ann.stdout.so_far())


@pytest.mark.parametrize("kind", KINDS)
def test_coming_and_going_is_announced_once(original_client, v1, kind):
    observer = v1("Observer")
    watchers = [original_client(other, f"{other}-watcher") for other in KINDS]
    ann = original_client(kind, "Ann")
    observer.wait_for(event="join", user="Ann")
    ann.type("/quit")
    assert ann.wait_for_closed() == 1000
    assert ann.wait() == 0
    left = observer.wait_until_left("Ann")
    assert (left["username"], left["content"]) == ("System", "Ann has left the chat")
    observer.say("so much for Ann")

    for watcher in watchers:
        watcher.wait_for_shown("Observer", "so much for Ann")
        assert watcher.shown("System", "Ann has joined the chat") == 1
        assert watcher.shown("System", "Ann has left the chat") == 1
    observer.wait_for_said("so much for Ann")
    assert observer.events("leave") == ["Ann"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_vanishes_has_left(original_client, v1, kind):
    observer = v1("Observer")
    ann = original_client(kind, "Ann")
    observer.wait_for(event="join", user="Ann")
    ann.kill()
    observer.wait_until_left("Ann")
    observer.say("so much for Ann")
    observer.wait_for_said("so much for Ann")
    assert observer.events("leave") == ["Ann"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_in_use_gets_a_number(original_client, v1, kind):
    observer = v1("Observer")
    first = original_client(kind, "Ann")
    observer.wait_for(event="join", user="Ann")
    second = original_client(kind, "Ann")
    observer.wait_for(event="join", user="Ann-2")
    second.type("which of us?")
    first.wait_for_shown("Ann-2", "which of us?")


def test_what_a_client_claims_about_itself_is_ignored(original_client, v1):
    ann = original_client("node", "Ann")
    mallory = v1("Mallory")
    mallory.send(type="message", username="Ann", content="I am Ann", timestamp=0, seq=99, id="x")
    ann.wait_for_shown("Mallory", "I am Ann")
    said = next(it for it in ann.objects() if it["content"] == "I am Ann")
    assert is_now(said["timestamp"], MILLISECONDS)


def test_a_client_before_its_join_is_anonymous(original_client, v1):
    ann = original_client("python-17", "Ann")
    v1().say("who am I?")
    ann.wait_for_shown("Anonymous", "who am I?")
    assert ann.shown("System", "Anonymous has joined the chat") == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_message_is_answered_with_a_message_from_system(original_client, v1, kind):
    observer = v1("Observer")
    ann = original_client(kind, "Ann")
    ann.type("ready")
    ann.wait_for_shown("Ann", "ready")
    before = len(ann.objects())
    ann.type("x" * 5000)
    ann.type("still here")
    ann.wait_for_shown("Ann", "still here")

    refusal, said = ann.objects()[before:]
    assert (refusal["type"], refusal["username"]) == ("message", "System")
    assert is_now(refusal["timestamp"], UNIT[kind])
    assert said["content"] == "still here"
    assert observer.wait_for_next_said() == ("Ann", "ready")
    assert observer.receive()["content"] == "still here"
