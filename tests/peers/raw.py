"""RFC 6455 on a bare socket, so that a test can say each bit."""

import socket
import struct

from program import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
# What the server must answer to that key (RFC 6455 §1.3).
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
MASK = b"\x1b\x07\xf3\x5a"


def fields(**changed):
    """The header fields of a good request. `Name=None` leaves one out and a list repeats it."""
    good = {
        "Host": b"127.0.0.1",
        "Connection": b"Upgrade",
        "Upgrade": b"websocket",
        "Sec_WebSocket_Key": KEY,
        "Sec_WebSocket_Version": b"13",
    }
    for name, value in (good | changed).items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                yield name.replace("_", "-").encode() + b": " + one + b"\r\n"


def request(line=b"GET /ws HTTP/1.1", extra=b"", **changed):
    """An opening handshake (RFC 6455 §4.1), good but for what is changed."""
    return line + b"\r\n" + b"".join(fields(**changed)) + extra + b"\r\n"


def frame(opcode, payload=b"", *, fin=True, rsv=0, mask=MASK, length=None, width=None):
    """A frame (RFC 6455 §5.2). `length` declares another length than the payload's,
    and `width` is the number of bytes that the extended length takes: 0, 2 or 8."""
    length = len(payload) if length is None else length
    if width is None:
        width = 0 if length < 126 else 2 if length < 1 << 16 else 8
    head = bytes([fin << 7 | rsv << 4 | opcode])
    head += bytes([(mask is not None) << 7 | {0: length, 2: 126, 8: 127}[width]])
    head += length.to_bytes(width, "big") if width else b""
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def close(code=1000, reason=b""):
    return frame(CLOSE, struct.pack("!H", code) + reason)


class Raw:
    """A TCP connection to the server. What was read and not used yet stays in it."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    @classmethod
    def opened(cls, port):
        """A connection after a good opening handshake."""
        raw = cls(port)
        raw.send(request())
        raw.read_switching_protocols()
        return raw

    def send(self, data):
        self._socket.sendall(data)

    def end_writing(self):
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends the connection with a RST instead of a FIN."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def read_head(self):
        """Status and head of an HTTP response, in bytes."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, self._read = self._read.split(b"\r\n\r\n", 1)
        version, status, _ = head.split(b" ", 2)
        assert version == b"HTTP/1.1"
        return int(status), head

    def read_switching_protocols(self):
        status, head = self.read_head()
        assert status == 101, head
        assert ACCEPT in head
        return head

    def read_frame(self):
        """The next frame: (opcode, payload)."""
        first, second = self._take(2)
        assert second < 0x80, "a server's frames are not masked (RFC 6455 §5.1)"
        assert first & 0xF0 == 0x80, "a whole frame without reserved bits"
        width = {126: 2, 127: 8}.get(second, 0)
        length = int.from_bytes(self._take(width), "big") if width else second
        return first & 0x0F, self._take(length)

    def read_next(self, opcode):
        """The payload of the next frame with this opcode."""
        while True:
            got, payload = self.read_frame()
            if got == opcode:
                return payload
            assert got != CLOSE, f"closed: {payload}"

    def read_close(self):
        """The code of the Close, or None if it has none; other frames before it are skipped."""
        payload = self.read_next(CLOSE)
        return int.from_bytes(payload[:2], "big") if payload else None

    def read_to_end(self):
        """Everything until the server has ended the connection."""
        try:
            while True:
                self._more()
        except (EOFError, ConnectionResetError):
            rest, self._read = self._read, b""
            return rest

    def _take(self, count):
        while len(self._read) < count:
            self._more()
        taken, self._read = self._read[:count], self._read[count:]
        return taken

    def _more(self):
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            raise AssertionError(f"the server is silent; read so far: {self._read}") from None
        if not data:
            raise EOFError(f"the server ended the connection; read so far: {self._read}")
        self._read += data
