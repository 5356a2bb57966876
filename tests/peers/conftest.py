"""Servers and clients for the tests, ended when their test is over."""

import os

import pytest

from peers import OriginalClient, Server
from dialects import V1, Plain


def pytest_sessionstart(session):
    for name in ("WIRECHAT_BIN", "WIRECHAT_PYTHON_13"):
        if not os.access(os.environ.get(name, ""), os.X_OK):
            pytest.exit(f"{name} names no program; `tests/all peers` sets it", returncode=2)


@pytest.fixture
def start():
    """Starts a program of `peers`: `start(OriginalClient, "node", uri, "Ann")`."""
    programs = []

    def start(kind, *arguments, **options):
        programs.append(kind(*arguments, **options))
        return programs[-1]

    yield start
    for program in reversed(programs):
        if program.is_running():
            program.kill()
        print(*map(str, program.command), "wrote to stderr:", *program.stderr.so_far(), sep="\n")


@pytest.fixture
def server(start):
    """A server of this test's own, which must stop cleanly after it."""
    server = start(Server)
    yield server
    assert server.stop() == 0


@pytest.fixture
def original_client(start, server):
    """Connects an original client to the server: `original_client("node", "Ann")`."""

    def connect(kind, username, to=None):
        client = start(OriginalClient, kind, (to or server).uri, username)
        client.wait_for_welcome()
        return client

    return connect


@pytest.fixture
def v1(server):
    """Connects a v1 client to the server: `v1("Ann")` also joins the lobby."""
    clients = []

    def connect(username=None):
        clients.append(V1(server.uri, username))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def busy_server():
    """A server that all tests of a file share, with somebody in its lobby."""
    server = Server()
    bystander = V1(server.uri, "Bystander")
    bystander.pending()  # what its own join brings
    yield server, bystander
    bystander.close()
    assert server.stop() == 0


@pytest.fixture
def port(busy_server):
    """The port of the shared server. What the test did there must go unnoticed."""
    server, bystander = busy_server
    yield server.port
    assert server.is_running()
    assert bystander.pending() == [], "a bystander saw something"


@pytest.fixture(params=[V1, Plain], ids=["v1", "plain"])
def connection(request, busy_server, port):
    """A connection to the shared server in each dialect."""
    connection = request.param(busy_server[0].uri)
    yield connection
    connection.close()
