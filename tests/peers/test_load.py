"""The load generator, `wirechat load`: what it proves, and what it says when it cannot."""

import json
import re

import pytest

from peers import EchoServer, FaultyServer, Load, Server

PROOF = re.compile(r"delivered: (\d+) of (\d+), lost (\d+), duplicated (\d+), out of order (\d+)")
FAULTS = {"drop": "lost", "double": "duplicated", "swap": "out_of_order", "alter": "lost"}


@pytest.fixture
def unlimited(start):
    """A server for load tests."""
    server = start(Server, "127.0.0.1:0", "--no-rate-limits")
    yield server
    assert server.stop() == 0


@pytest.fixture
def load(start):
    """Puts load on a server for a moment: `load(uri, "--clients", 3)`."""

    def load(uri, *options):
        return start(Load, uri, *options)

    return load


def test_a_run_proves_that_everything_was_delivered(unlimited, load):
    run = load(unlimited.uri, "--clients", 10, "--rooms", 2, "--duration", 1.5)
    assert run.wait() == 0
    *_, last = run.stdout.so_far()
    delivered, expected, *faults = map(int, PROOF.fullmatch(last).groups())
    assert delivered == expected > 0
    assert faults == [0, 0, 0]
    assert any("messages/s" in line for line in run.stderr.so_far()), "it shows how it goes"


def test_a_quiet_run_shows_no_progress(unlimited, load):
    run = load(unlimited.uri, "--duration", 1.5, "--quiet")
    assert run.wait() == 0
    assert run.stderr.so_far() == []


def test_the_json_has_all_the_numbers(unlimited, load):
    clients = 8
    run = load(unlimited.uri, "--clients", clients, "--in-flight", 4, "--json")
    assert run.wait() == 0
    report = run.report()
    assert report["url"] == unlimited.uri
    assert (report["clients"], report["in_flight"], report["rate"]) == (clients, 4, None)
    assert report["messages"] > 0 and report["deliveries"] > report["messages"]
    proof = report["proof"]
    assert proof["delivered"] == proof["expected"] and proof["delivered"] % clients == 0
    latency = report["latency_us"]
    values = [latency[name] for name in ("min", "p50", "p90", "p99", "p999", "max")]
    assert values == sorted(values) and values[0] > 0
    assert sum(octave["count"] for octave in report["histogram"]) == latency["count"]
    assert report["connections"]["made"] == clients
    assert report["ok"] is True and report["server"] is None


def test_at_a_fixed_rate_each_message_reaches_everybody(unlimited, load):
    run = load(unlimited.uri, "--clients", 5, "--rate", 200, "--json")
    assert run.wait() == 0
    report = run.report()
    assert report["rate"] == 200
    assert report["proof"]["delivered"] % 5 == 0
    assert report["proof"]["delivered"] >= 5 * report["messages"] > 0


def test_with_the_server_s_process_it_tells_what_a_connection_costs(unlimited, load):
    pid = unlimited.pid
    run = load(unlimited.uri, "--clients", 20, "--rate", 0, "--pid", pid, "--json")
    assert run.wait() == 0
    report = run.report()
    assert report["messages"] == 0 and report["proof"]["expected"] == 0
    server = report["server"]
    assert server["pid"] == pid
    assert min(server[name] for name in ("rss_before", "rss_connected", "rss_end")) > 100_000


def test_clients_that_vanish_and_clients_that_never_read(unlimited, load):
    run = load(unlimited.uri, "--clients", 6, "--rooms", 2, "--vanish", 50, "--never-read", 2, "--json")
    assert run.wait() == 0
    report = run.report()
    connections = report["connections"]
    assert connections["vanished"] == connections["returned"] > 0
    assert connections["made"] == 6 + 2 + connections["returned"]
    assert report["proof"]["delivered"] > 0


@pytest.mark.parametrize("kind", ["relay", "echo"])
def test_clients_that_vanish_from_other_servers(start, load, kind):
    server = start(FaultyServer, "relay", "none") if kind == "relay" else start(EchoServer)
    run = load(server.uri, "--kind", kind, "--clients", 4, "--vanish", 20, "--json")
    assert run.wait() == 0
    assert run.report()["connections"]["vanished"] > 0


def test_an_echo_comes_back_to_its_sender_alone(start, load):
    run = load(start(EchoServer).uri, "--kind", "echo", "--clients", 4, "--json")
    assert run.wait() == 0
    report = run.report()
    assert report["proof"]["delivered"] >= report["messages"] > 0


@pytest.mark.parametrize("kind", ["relay", "proxy"])
def test_a_server_that_does_it_right_passes(start, unlimited, load, kind):
    run = through(start, load, kind, "none", unlimited)
    assert run.wait() == 0
    assert run.report()["proof"]["delivered"] > 0


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", ["relay", "proxy"])
def test_a_server_that_does_one_thing_wrong_does_not(start, unlimited, load, kind, fault):
    run = through(start, load, kind, fault, unlimited)
    assert run.wait() == 1
    report = run.report()
    assert report["ok"] is False
    found = {name: report["proof"][name] for name in FAULTS.values() if report["proof"][name]}
    # An altered message is also missed by all others if it was heard first.
    assert found == {FAULTS[fault]: 1} or (fault == "alter" and found.keys() == {"lost"})
    assert report["errors"] == report["connections"]["broken"] == {}


def through(start, load, kind, fault, server):
    """A run through a server with this fault. With one client that has several messages on
    the way, the order of a relay's messages is that of a sender's."""
    if kind == "relay":
        uri = start(FaultyServer, "relay", fault).uri
        return load(uri, "--kind", "relay", "--clients", 1, "--in-flight", 4, "--json")
    return load(start(FaultyServer, "proxy", fault, server.uri).uri, "--clients", 3, "--json")


def test_a_server_with_rate_limits_is_told_from_one_that_loses_messages(start, load):
    server = start(Server)
    run = load(server.uri, "--clients", 2, "--rate", 200)
    assert run.wait() == 1
    text = "\n".join(run.stdout.so_far())
    assert "rate_limited" in text and "--no-rate-limits" in text
    assert ", lost 0," in text
    assert server.stop() == 0


def test_a_server_that_is_not_there_or_does_not_chat(start, load):
    server, echo = start(Server), start(EchoServer)
    for uri, words in [
        (server.uri.replace("/ws", "/nothing"), "404"),
        (echo.uri, "--kind"),
        ("ws://127.0.0.1:1/", "refused"),
    ]:
        run = load(uri)
        assert run.wait() == 3
        assert run.stdout.so_far() == []
        assert words in run.stderr.so_far()[-1]
    assert server.stop() == 0


def test_a_server_that_dies_breaks_its_connections(start, load):
    server = start(Server, "127.0.0.1:0", "--no-rate-limits")
    run = load(server.uri, "--clients", 3, "--duration", 60, "--json")
    run.stderr.wait_for(re.compile("p50").search, "line of progress")
    server.kill()
    assert run.wait() == 1
    assert run.report()["connections"]["broken"] == {"1006": 3}


@pytest.mark.parametrize(
    "options", [["--clients", "0"], ["--size", "1"], ["--rooms", "99"], ["--pid", "4294967295"]]
)
def test_what_cannot_be_is_refused_before_anything_is_done(load, options):
    run = load("ws://127.0.0.1:1/", *options)
    assert run.wait() == 2
    assert run.stdout.so_far() == [] and run.stderr.so_far() != []


def test_an_interrupt_ends_the_run_with_a_report(unlimited, load):
    run = load(unlimited.uri, "--clients", 3, "--duration", 60, "--json")
    run.stderr.wait_for(re.compile("p50").search, "line of progress")
    run.interrupt()
    assert run.wait() == 0
    assert json.loads(run.stdout.so_far()[0])["proof"]["lost"] == 0
