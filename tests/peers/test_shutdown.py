"""How the server starts and stops as a process."""

import signal
import socket

import pytest

from dialects import V1
from peers import CLIENTS, OriginalClient, Server, wirechat
from program import Program
from raw import Raw

SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_tells_everyone_that_the_server_goes_away(start, number):
    server = start(Server)
    v1, idle = V1(server.uri, "Ann"), Raw.opened(server.port)
    originals = []
    for kind in CLIENTS:
        originals.append(start(OriginalClient, kind, server.uri, kind))
        v1.wait_for(event="join", user=kind)

    server.signal(number)
    assert v1.wait_for_closed() == 1001
    assert idle.read_close() == 1001
    for client in originals:
        assert client.wait_for_closed() == 1001
    assert server.wait(seconds=10) == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_a_server_without_clients_stops_at_once(start, number):
    server = start(Server)
    server.signal(number)
    assert server.wait(seconds=5) == 0


def test_a_client_that_never_answers_the_close_does_not_hold_the_server(start):
    server = start(Server)
    with Raw.opened(server.port), Raw(server.port):
        server.signal(signal.SIGTERM)
        assert server.wait() == 0


def test_a_stopped_server_gives_its_port_back(start):
    first = start(Server)
    client = V1(first.uri, "Ann")
    first.signal(signal.SIGTERM)
    assert client.wait_for_closed() == 1001
    assert first.wait() == 0
    second = start(Server, f"127.0.0.1:{first.port}")
    V1(second.uri, "Ann").close()


def test_a_port_in_use_is_a_clear_error(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = start(Program, wirechat("serve", "--listen", address))
        assert server.wait(seconds=5) not in (0, 101)
    complaint = "\n".join(server.stderr.so_far())
    assert address in complaint
    assert "in use" in complaint
    assert "panicked" not in complaint
