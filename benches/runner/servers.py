"""The servers: what there is, and one of them while it runs."""

import os
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .machine import SERVERS, Failed, bench_server, find_bun, find_ws, pinned, wirechat

# The longest that a server may take until its port is open, in seconds.
START_LIMIT = 10


@dataclass(frozen=True)
class Server:
    """A program that can be started, and how the load generator talks to it."""

    name: str
    kind: str  # chat, relay or echo
    command: tuple
    path: str = "/"


# The chat's limits are on, but higher than anything that is measured.
HIGH_LIMITS = ("--rate", "1000000", "--max-per-address", "20000", "--max-connections", "20000")

# One thread each, as there is one core for a server.
CHAT = Server(
    "wirechat",
    "chat",
    (wirechat(), "--quiet", "serve", "--threads", "1", *HIGH_LIMITS),
    "/ws",
)
ECHO = Server("wirechat echo", "echo", (wirechat(), "--quiet", "echo", "--threads", "1"))


def _bench(kind, name, program):
    return Server(name, kind, (bench_server(program), kind))


FLOOR_RELAY = _bench("relay", "floor", "floor")
FLOOR_ECHO = _bench("echo", "floor", "floor")
FASTWEBSOCKETS = _bench("echo", "fastwebsockets", "fastwebsockets")


def _on_javascript(kind):
    node, bun = find_ws(), find_bun()
    if node:
        yield Server("Node's ws", kind, (node, SERVERS / "ws.mjs", kind))
    if bun:
        yield Server("Bun", kind, (bun, SERVERS / "bun.js", kind))


def relays():
    """Everything that relays, the floor first."""
    others = _bench("relay", "tokio-tungstenite, broadcast channel", "tungstenite")
    return [FLOOR_RELAY, CHAT, others, *_on_javascript("relay")]


def echoes():
    """Everything that echoes."""
    return [
        FLOOR_ECHO,
        ECHO,
        FASTWEBSOCKETS,
        _bench("echo", "sockudo-ws", "sockudo_ws"),
        _bench("echo", "tokio-websockets", "tokio_websockets"),
        _bench("echo", "tokio-tungstenite", "tungstenite"),
        *_on_javascript("echo"),
    ]


class Running:
    """A server while it runs, on a port of its own: `with Running(server) as running`."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.port = _free_port()
        self.url = f"ws://127.0.0.1:{self.port}{self.server.path}"
        self._stderr = tempfile.TemporaryFile()
        command = [*self.server.command, "--listen", f"127.0.0.1:{self.port}"]
        self._process = subprocess.Popen(
            pinned(command, to="server"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
        )
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._stderr.close()

    @property
    def pid(self):
        return self._process.pid

    def cpu_seconds(self):
        """The CPU time that it has used, in user code and in the kernel."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        # utime and stime (proc_pid_stat(5)); a program's name may have anything in it.
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def check(self):
        """Raises Failed if the server has ended."""
        code = self._process.poll()
        if code is not None:
            self._stderr.seek(0)
            said = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
            raise Failed(f"ended with {code}: {said[-1] if said else 'it said nothing'}")

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            self.check()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise Failed(f"did not listen within {START_LIMIT} s")


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
