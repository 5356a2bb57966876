"""The programs that the tests put on the two ends of a connection."""

import json
import os
import pathlib
import re
import signal
import sys

from program import PATIENCE, Program

HERE = pathlib.Path(__file__).parent
SECONDS = range(10**8, 10**11)
MILLISECONDS = range(10**11, 10**14)


def python(version):
    """The interpreter that has this version of websockets."""
    return sys.executable if version == "17" else os.environ["WIRECHAT_PYTHON_13"]


CLIENTS = {
    "python-13": lambda: [python("13"), HERE / "original_client.py"],
    "python-17": lambda: [python("17"), HERE / "original_client.py"],
    "node": lambda: ["node", HERE / "original_client.mjs"],
}

SERVERS = {
    "python-13": lambda: [python("13"), HERE / "original_server.py"],
    "python-17": lambda: [python("17"), HERE / "original_server.py"],
    "node": lambda: ["node", HERE / "original_server.mjs"],
}

# What each kind of client takes a timestamp for.
UNIT = {"python-13": SECONDS, "python-17": SECONDS, "node": MILLISECONDS}


def wirechat(*arguments):
    return [os.environ["WIRECHAT_BIN"], *map(str, arguments)]


class Server(Program):
    """`wirechat serve`."""

    def __init__(self, listen="127.0.0.1:0", *options):
        super().__init__(wirechat("serve", "--listen", listen, *options))
        address = re.compile(r"http://127\.0\.0\.1:(\d+)/")
        line = self.stdout.wait_for(address.search, "address", seconds=5)
        self.port = int(address.search(line)[1])
        self.uri = f"ws://127.0.0.1:{self.port}/ws"

    def stop(self):
        """Stops it; what it wrote on the way must be fit for a terminal."""
        if self.is_running():
            self.signal(signal.SIGTERM)
        code = self.wait()
        log = self.stderr.so_far() + self.stdout.so_far()
        assert not [line for line in log if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", line)]
        assert not [line for line in log if "panicked" in line]
        return code


class OriginalServer(Program):
    """One of the servers that the project grew out of."""

    def __init__(self, kind, port=0):
        super().__init__([*SERVERS[kind](), str(port)])
        self.port = int(self.stdout.wait_for(str.isdigit, "port"))
        self.uri = f"ws://127.0.0.1:{self.port}"

    def wait_for_received(self, kind, username, content="", seconds=PATIENCE):
        line = f"{kind} {username}: {content}"
        self.stdout.wait_for(line.__eq__, repr(line), seconds)


class OriginalClient(Program):
    """One of the clients that the project grew out of, in a room since it was made."""

    def __init__(self, kind, uri, username):
        super().__init__([*CLIENTS[kind](), uri, username, "--raw"])
        self.kind = kind
        self.username = username

    def objects(self):
        """Every object received, before the client made anything of it."""
        return [json.loads(line[2:]) for line in self.stdout.so_far() if line.startswith("< ")]

    def messages(self):
        """(username, content) of what people said."""
        return [
            (it["username"], it["content"]) for it in self.objects() if it["username"] != "System"
        ]

    def shown(self, username, content):
        """How often it has printed this."""
        line = re.compile(rf"\[\d\d:\d\d:\d\d\] {re.escape(username)}: {re.escape(content)}")
        return sum(bool(line.fullmatch(printed)) for printed in self.stdout.so_far())

    def wait_for_shown(self, username, content):
        """Waits until it has printed this, with a time of day before it."""
        line = re.compile(rf"\[\d\d:\d\d:\d\d\] {re.escape(username)}: {re.escape(content)}")
        return self.stdout.wait_for(line.fullmatch, f"{username}: {content!r}")

    def wait_for_welcome(self):
        return self.stdout.wait_for(re.compile(r"\[.*\] System: .").match, "welcome")

    def wait_for_closed(self):
        """The close code that it saw, after which it ends."""
        line = self.stdout.wait_for(lambda line: line.startswith("* closed "), "close")
        return int(line.removeprefix("* closed "))


class OurClient(Program):
    """`wirechat join`, with piped input and JSON lines out."""

    def __init__(self, uri, username, *options):
        super().__init__(wirechat("join", uri, "--name", username, "--json", *options))

    def events(self):
        return [json.loads(line) for line in self.stdout.so_far()]

    def wait_for_event(self, **fields):
        """The first event with these fields."""

        def fits(line):
            event = json.loads(line)
            assert isinstance(event, dict), f"not an object: {line}"
            return all(event.get(name) == value for name, value in fields.items())

        return json.loads(self.stdout.wait_for(fits, f"event {fields}"))


class EchoServer(Program):
    """`wirechat echo`."""

    def __init__(self):
        super().__init__(wirechat("echo", "--listen", "127.0.0.1:0"))
        self.uri = self.stdout.wait_for(lambda line: "ws://" in line, "address").split()[-1]


class FaultyServer(Program):
    """`faulty.py`."""

    def __init__(self, *arguments):
        super().__init__([python("17"), HERE / "faulty.py", *arguments])
        self.uri = f"ws://127.0.0.1:{self.stdout.wait_for(str.isdigit, 'port')}/ws"


class Load(Program):
    """`wirechat load`, for a moment if it is not said for how long."""

    def __init__(self, uri, *options):
        moment = ["--warm-up", "0.1", *([] if "--duration" in options else ["--duration", "0.5"])]
        super().__init__(wirechat("load", uri, *moment, *options))

    def report(self):
        """The report of a run with `--json`."""
        (line,) = self.stdout.so_far()
        return json.loads(line)

    def interrupt(self):
        """Ctrl-C."""
        self.signal(signal.SIGINT)
