"""What ends a connection after the opening handshake, and with which code (RFC 6455 §5, §7, §8)."""

import pytest

from raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Raw, close, frame, request

KIB = 1024
BROKE_PROTOCOL, BAD_PAYLOAD, TOO_BIG = 1002, 1007, 1009

# Each row: what it is, the bytes sent, the code that fails the connection.
BAD_FRAMES = [
    ("unmasked text", frame(TEXT, b"hi", mask=None), BROKE_PROTOCOL),
    ("unmasked ping", frame(PING, mask=None), BROKE_PROTOCOL),
    ("unmasked close", frame(CLOSE, b"\x03\xe8", mask=None), BROKE_PROTOCOL),
    *[(f"RSV {rsv:03b}", frame(TEXT, b"hi", rsv=rsv), BROKE_PROTOCOL) for rsv in range(1, 8)],
    ("RSV on a ping", frame(PING, rsv=4), BROKE_PROTOCOL),
    *[
        (f"opcode {opcode:#x}", frame(opcode), BROKE_PROTOCOL)
        for opcode in [*range(0x3, 0x8), *range(0xB, 0x10)]
    ],
    ("5 in 16 bits", frame(TEXT, b"hello", width=2), BROKE_PROTOCOL),
    ("5 in 64 bits", frame(TEXT, b"hello", width=8), BROKE_PROTOCOL),
    ("125 in 16 bits", frame(TEXT, length=125, width=2), BROKE_PROTOCOL),
    ("65,535 in 64 bits", frame(BINARY, length=65_535, width=8), BROKE_PROTOCOL),
    ("a length of 2^63", frame(TEXT, length=1 << 63), BROKE_PROTOCOL),
    ("a length of 2^64-1", frame(TEXT, length=(1 << 64) - 1), BROKE_PROTOCOL),
    ("a length of 2^64-14", frame(TEXT, length=(1 << 64) - 14), BROKE_PROTOCOL),
    ("a length of 2^63-1", frame(TEXT, length=(1 << 63) - 1), TOO_BIG),
    ("a length of 2^32", frame(BINARY, length=1 << 32), TOO_BIG),
    ("a length of 32 MiB", frame(TEXT, length=32 << 20), TOO_BIG),
    ("a huge continuation", frame(TEXT, b"a", fin=False) + frame(CONTINUATION, length=1 << 40), TOO_BIG),
    ("just above 64 KiB", frame(BINARY, bytes(64 * KIB + 1)), TOO_BIG),
    ("just above 64 KiB in two", frame(BINARY, bytes(64 * KIB), fin=False) + frame(CONTINUATION, b"x"), TOO_BIG),
    ("a long ping", frame(PING, bytes(126)), BROKE_PROTOCOL),
    ("a fragmented ping", frame(PING, b"a", fin=False), BROKE_PROTOCOL),
    ("a fragmented close", frame(CLOSE, b"\x03\xe8", fin=False), BROKE_PROTOCOL),
    ("a continuation of nothing", frame(CONTINUATION, b"a"), BROKE_PROTOCOL),
    ("a message inside a message", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), BROKE_PROTOCOL),
    ("UTF-8 overlong", frame(TEXT, b"\xc0\x80"), BAD_PAYLOAD),
    ("UTF-8 of a surrogate", frame(TEXT, b"\xed\xa0\x80"), BAD_PAYLOAD),
    ("UTF-8 above U+10FFFF", frame(TEXT, b"\xf4\x90\x80\x80"), BAD_PAYLOAD),
    ("UTF-8 that ends early", frame(TEXT, b"\xe2\x82"), BAD_PAYLOAD),
    ("UTF-8 that breaks in the next fragment", frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x28"), BAD_PAYLOAD),
    ("bad UTF-8 in a message that goes on", frame(TEXT, b"a\xff", fin=False), BAD_PAYLOAD),
    ("bad UTF-8 in a frame that is still arriving", frame(TEXT, b"a\xff", length=1000), BAD_PAYLOAD),
    ("a close of one byte", frame(CLOSE, b"\x03"), BROKE_PROTOCOL),
    *[
        (f"close code {code}", close(code), BROKE_PROTOCOL)
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]
    ],
    ("a close reason that is not UTF-8", close(1000, b"\xff"), BAD_PAYLOAD),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "code"), [row[1:] for row in BAD_FRAMES], ids=[row[0] for row in BAD_FRAMES]
)
def test_a_bad_frame_fails_the_connection(port, sent, code):
    with Raw.opened(port) as raw:
        raw.send(sent)
        assert raw.read_close() == code
        assert raw.read_to_end() == b"", "a Close is the last frame"


def test_a_message_that_never_ends_is_cut_at_the_limit(port):
    with Raw.opened(port) as raw:
        raw.send(frame(BINARY, bytes(8 * KIB), fin=False))
        for _ in range(8):
            raw.send(frame(CONTINUATION, bytes(8 * KIB), fin=False))
        assert raw.read_close() == TOO_BIG


def test_a_message_in_very_many_fragments_is_cut_or_harmless(port):
    """The limit may be on fragments (1008) or on memory alone; both end in a Close."""
    with Raw.opened(port) as raw:
        raw.send(frame(BINARY, b"", fin=False))
        try:
            for _ in range(100):
                raw.send(frame(CONTINUATION, b"", fin=False) * 1000)
            raw.send(frame(CONTINUATION, b"{}") + close())
        except ConnectionError:
            pass  # it was cut while we were sending
        try:
            assert raw.read_close() in (1000, 1008, 1009)
        except ConnectionResetError:
            pass  # our unread fragments took the Close with them


def test_a_bad_frame_does_not_undo_what_came_before_it(v1, server):
    observer = v1("Observer")
    with Raw.opened(server.port) as raw:
        raw.send(frame(TEXT, b'{"type":"message","content":"before"}') + frame(TEXT, rsv=1))
        assert raw.read_close() == BROKE_PROTOCOL
    assert observer.wait_for_next_said() == ("Anonymous", "before")


# Proves 6455-5.5.3-1.
def test_every_ping_is_answered_with_its_own_bytes(port):
    with Raw.opened(port) as raw:
        for size in range(126):
            payload = bytes(range(size))
            raw.send(frame(PING, payload))
            assert raw.read_next(PONG) == payload


# Proves 6455-5.4-4.
def test_a_ping_between_two_fragments_is_answered_before_the_message_ends(port):
    with Raw.opened(port) as raw:
        raw.send(frame(TEXT, b'{"type":', fin=False) + frame(PING, b"now"))
        assert raw.read_next(PONG) == b"now"


def test_a_pong_that_nobody_asked_for_is_ignored(port):
    with Raw.opened(port) as raw:
        raw.send(frame(PONG, b"unasked") + close())
        assert raw.read_close() == 1000


# Proves 6455-5.5.1-9.
@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1013, 3000, 4999])
def test_a_close_is_answered_with_its_own_code(port, code):
    with Raw.opened(port) as raw:
        raw.send(close(code, b"bye"))
        assert raw.read_close() == code
        assert raw.read_to_end() == b""


def test_a_close_without_a_code_is_answered_with_a_close(port):
    with Raw.opened(port) as raw:
        raw.send(frame(CLOSE))
        assert raw.read_close() in (None, 1000)


def test_frames_may_arrive_byte_by_byte(v1, server):
    observer = v1("Observer")
    with Raw(server.port) as raw:
        text = "in pieces: é €".encode()
        for byte in request() + frame(TEXT, b'{"type":"message","content":"%s"}' % text):
            raw.send(bytes([byte]))
        raw.read_switching_protocols()
        assert observer.wait_for_next_said() == ("Anonymous", text.decode())


def test_a_binary_frame_with_json_is_a_message(v1, server):
    observer = v1("Observer")
    with Raw.opened(server.port) as raw:
        raw.send(frame(BINARY, b'{"type":"message","content":"binary"}'))
        assert observer.wait_for_next_said() == ("Anonymous", "binary")


def test_a_reset_in_the_middle_of_anything_disturbs_nobody(busy_server, port):
    pieces = [request()[:40], request(), request() + frame(TEXT, b"x" * 1000)[:70], request() + close()]
    for piece in pieces * 5:
        raw = Raw(port)
        raw.send(piece)
        raw.reset()
