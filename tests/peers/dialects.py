"""A test's own connections to the server, one class for each dialect."""

import json

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from program import PATIENCE


class Connection:
    """One WebSocket connection. It keeps every object that came."""

    subprotocol = None

    def __init__(self, uri):
        self.seen = []
        self._socket = connect(
            uri,
            subprotocols=[self.subprotocol] if self.subprotocol else None,
            max_queue=None,  # so that pongs never wait behind objects not read yet
            close_timeout=PATIENCE,
            legacy=True,  # a connection that outlives a `with` block
        )
        assert self._socket.subprotocol == self.subprotocol

    def send(self, **fields):
        self.send_text(json.dumps(fields))

    def send_text(self, text):
        self._socket.send(text)

    def receive(self, seconds=PATIENCE):
        data = self._socket.recv(seconds)
        assert isinstance(data, str), "the chat sends text frames"
        self.seen.append(json.loads(data))
        return self.seen[-1]

    def wait_for(self, **fields):
        """The next object with these fields; what came before it is in `seen`."""
        start = len(self.seen)
        try:
            while True:
                it = self.receive()
                if all(it.get(name) == value for name, value in fields.items()):
                    return it
        except (TimeoutError, ConnectionClosed) as error:
            raise AssertionError(f"{error!r}; no {fields} among: {self.seen[start:]}") from None

    def wait_for_closed(self):
        """The close code, after everything before the Close has been read."""
        try:
            while True:
                self.receive()
        except ConnectionClosed as closed:
            assert closed.rcvd is not None, "the connection broke without a Close"
            return closed.rcvd.code

    def pending(self):
        """Everything that the server sent before it answered a ping of ours."""
        assert self._socket.ping().wait(PATIENCE), "no pong"
        start = len(self.seen)
        try:
            while True:
                self.receive(seconds=0)
        except TimeoutError:
            return self.seen[start:]

    def close(self):
        self._socket.close()


class Plain(Connection):
    """The dialect of the original chat: no subprotocol, only `message` objects."""

    def __init__(self, uri):
        super().__init__(uri)
        self.wait_for(type="message", username="System")


class V1(Connection):
    """The dialect `wirechat.v1`."""

    subprotocol = "wirechat.v1"

    def __init__(self, uri, username=None):
        super().__init__(uri)
        self.wait_for(type="message", event="welcome")
        if username is not None:
            self.join(username)

    def join(self, username):
        self.send(type="join", username=username)
        return self.wait_for(type="joined")

    def say(self, content):
        self.send(type="message", content=content)

    def said(self):
        """(username, content) of the room's messages so far; notices are not among them."""
        return [
            (it["username"], it["content"])
            for it in self.seen
            if it["type"] == "message" and "event" not in it
        ]

    def wait_for_said(self, content):
        """Waits until somebody says this."""
        return self.wait_for(type="message", content=content)

    def wait_for_next_said(self):
        """(username, content) of the room's next message."""
        count = len(self.said())
        while len(self.said()) == count:
            self.receive()
        return self.said()[-1]

    def wait_until_left(self, username):
        """Waits for the notice, which must be the first about this user."""
        left = self.wait_for(event="leave", user=username)
        assert self.events("leave").count(username) == 1
        return left

    def events(self, event):
        """Whom the notices of this kind were about so far."""
        return [it["user"] for it in self.seen if it.get("event") == event]
