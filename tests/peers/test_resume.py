"""Our terminal client and our server over a network that breaks: each message arrives
once and in order, or it is said that some are missing."""

import json

import pytest

from peers import OurClient, Server
from program import eventually
from proxy import Proxy


@pytest.fixture
def network(server):
    """A network to the server."""
    proxy = Proxy(server.port)
    yield proxy
    proxy.stop()


def joined(client):
    return client.wait_for_event(type="joined")


def heard(client, room="lobby"):
    """What has been said in a room, as a client has heard it."""
    said = [event for event in events(client, type="message", room=room) if "seq" in event]
    return [event["content"] for event in said]


def events(client, **fields):
    """All events with these fields."""
    return [event for event in client.events() if fields.items() <= event.items()]


def say(client, **fields):
    client.type(json.dumps(fields))


def test_each_message_arrives_once_and_in_order(start, server, network):
    ann, bob = start(OurClient, network.uri, "Ann"), start(OurClient, server.uri, "Bob")
    joined(ann)
    joined(bob)
    for n in range(30):
        ann.type(f"Ann {n}")
        bob.type(f"Bob {n}")
        if n % 10 == 9:
            ann.wait_for_event(type="message", content=f"Bob {n - 5}")
            network.cut()  # Some is on its way: to the server, or back.
    ann.wait_for_event(type="delivered", content="Ann 29")
    bob.wait_for_event(type="message", content="Ann 29")
    eventually(lambda: heard(ann) == heard(bob), "both have heard the same")
    for name in ["Ann", "Bob"]:
        said = [content for content in heard(bob) if content.startswith(name)]
        assert said == [f"{name} {n}" for n in range(30)]
    assert events(ann, type="missed") == events(ann, type="undelivered") == []
    assert len(events(ann, type="delivered")) == 30
    assert len(events(ann, type="state", state="connected")) == 4, "it did break"


def test_what_is_said_while_nobody_listens_comes_after_the_rejoin_in_every_room(
    start, server, network
):
    ann, bob = start(OurClient, network.uri, "Ann"), start(OurClient, server.uri, "Bob")
    for client in (ann, bob):
        joined(client)
        say(client, type="join", room="rust")
        client.wait_for_event(type="joined", room="rust")
    network.swallow(True)
    say(bob, type="message", room="rust", content="are you there?")
    bob.type("anybody?")
    bob.wait_for_event(type="delivered", content="anybody?")
    network.cut()
    network.swallow(False)
    ann.wait_for_event(type="message", room="rust", content="are you there?")
    ann.wait_for_event(type="message", room="lobby", content="anybody?")


def test_a_private_message_that_was_lost_with_its_connection_comes_again_and_once(
    start, server, network
):
    ann, bob = start(OurClient, network.uri, "Ann"), start(OurClient, server.uri, "Bob")
    joined(ann)
    joined(bob)
    network.swallow(True)
    say(bob, type="private", to="Ann", content="psst", nonce="p")
    bob.wait_for_event(type="delivered", nonce="p")
    network.cut()
    network.swallow(False)
    ann.wait_for_event(type="private", content="psst")
    network.cut()
    eventually(lambda: len(events(ann, type="joined")) == 3, "a second reconnection")
    ann.type("still here")
    ann.wait_for_event(type="delivered", content="still here")
    assert len(events(ann, type="private")) == 1


def test_a_server_that_lost_its_log_is_told_apart_from_one_that_had_nothing_to_say(start):
    first = start(Server)
    ann = start(OurClient, first.uri, "Ann")
    joined(ann)
    first.stop()
    assert ann.wait_for_event(type="going_away")["reconnect_after_ms"] >= 0
    start(Server, f"127.0.0.1:{first.port}")
    ann.wait_for_event(type="missed", room="lobby", reason="epoch_changed")


def test_with_its_session_a_program_is_the_same_person_after_its_own_restart(start, server):
    bob = start(OurClient, server.uri, "Bob")
    joined(bob)
    ann = start(OurClient, server.uri, "Ann")
    session = joined(ann)["session"]
    ann.kill()
    again = start(OurClient, server.uri, "Ann", "--session", session, "--history", "5")
    assert joined(again)["user"] == "Ann"
    bob.type("welcome back")
    again.wait_for_event(type="message", content="welcome back")
    assert events(bob, event="leave") == []


def test_older_messages_come_first_if_they_are_asked_for(start, server):
    bob = start(OurClient, server.uri, "Bob")
    joined(bob)
    bob.type(*[f"line {n}" for n in range(8)])
    bob.wait_for_event(type="delivered", content="line 7")
    ann = start(OurClient, server.uri, "Ann", "--history", "5")
    ann.wait_for_event(type="message", content="line 7")
    assert heard(ann) == [f"line {n}" for n in range(3, 8)]
