"""Opening handshakes that must be refused, and the status that says so (RFC 6455 §4.2)."""

import time

import pytest

from raw import KEY, TEXT, Raw, close, frame, request

BAD_REQUEST, FORBIDDEN_METHOD, NOT_FOUND, UPGRADE_REQUIRED, TOO_LARGE = 400, 405, 404, 426, 431

# Each row: what it is, the request, the statuses that are right.
BAD_REQUESTS = [
    ("POST", request(b"POST /ws HTTP/1.1"), [FORBIDDEN_METHOD]),
    ("HTTP/1.0", request(b"GET /ws HTTP/1.0"), [BAD_REQUEST, UPGRADE_REQUIRED, 505]),
    ("a path that does not exist", request(b"GET /nowhere HTTP/1.1"), [NOT_FOUND]),
    ("a path without a slash", request(b"GET ws HTTP/1.1"), [BAD_REQUEST, NOT_FOUND]),
    ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", [BAD_REQUEST]),
    ("no Host", request(Host=None), [BAD_REQUEST]),
    ("two Hosts", request(Host=[b"a", b"b"]), [BAD_REQUEST]),
    ("no Connection", request(Connection=None), [BAD_REQUEST, UPGRADE_REQUIRED]),
    ("a Connection that only contains the word", request(Connection=b"notupgrade, upgrades"), [BAD_REQUEST, UPGRADE_REQUIRED]),
    ("no Upgrade", request(Upgrade=None), [BAD_REQUEST, UPGRADE_REQUIRED]),
    ("an Upgrade that only contains the word", request(Upgrade=b"websockets"), [BAD_REQUEST, UPGRADE_REQUIRED]),
    ("an Upgrade to something else", request(Upgrade=b"h2c"), [BAD_REQUEST, UPGRADE_REQUIRED]),
    ("no key", request(Sec_WebSocket_Key=None), [BAD_REQUEST]),
    ("an empty key", request(Sec_WebSocket_Key=b""), [BAD_REQUEST]),
    ("a key that is not base64", request(Sec_WebSocket_Key=b"!" * 24), [BAD_REQUEST]),
    ("a key of 15 bytes", request(Sec_WebSocket_Key=b"AAAAAAAAAAAAAAAAAAAA"), [BAD_REQUEST]),
    ("two keys", request(Sec_WebSocket_Key=[KEY, KEY]), [BAD_REQUEST]),
    ("no version", request(Sec_WebSocket_Version=None), [BAD_REQUEST, UPGRADE_REQUIRED]),
    *[
        (f"version {version.decode()}", request(Sec_WebSocket_Version=version), [UPGRADE_REQUIRED])
        for version in [b"0", b"8", b"12", b"14", b"255"]
    ],
    ("two versions", request(Sec_WebSocket_Version=[b"13", b"8"]), [BAD_REQUEST, UPGRADE_REQUIRED]),
    ("space before a colon", request(extra=b"X : y\r\n"), [BAD_REQUEST]),
    ("a folded line", request(extra=b"X: y\r\n z\r\n"), [BAD_REQUEST]),
    ("NUL in a value", request(extra=b"X: a\0b\r\n"), [BAD_REQUEST]),
    ("bare CR in a value", request(extra=b"X: a\rY: b\r\n"), [BAD_REQUEST]),
    ("bare LF between lines", request(extra=b"X: a\nY: b\r\n"), [BAD_REQUEST]),
    ("a control character in the target", request(b"GET /\x1b[31m HTTP/1.1"), [BAD_REQUEST]),
    ("a subprotocol with a bare CR", request(Sec_WebSocket_Protocol=b"wirechat.v1\rSet-Cookie: a=b"), [BAD_REQUEST]),
    ("a subprotocol that is no token", request(Sec_WebSocket_Protocol=b"wirechat v1"), [BAD_REQUEST]),
    ("a subprotocol twice", request(Sec_WebSocket_Protocol=b"wirechat.v1, wirechat.v1"), [BAD_REQUEST]),
    ("a body by length", request(Content_Length=b"5") + b"hello", [BAD_REQUEST]),
    ("a body by chunks", request(Transfer_Encoding=b"chunked") + b"0\r\n\r\n", [BAD_REQUEST]),
    ("2,100 header fields", request(extra=b"X: y\r\n" * 2100), [BAD_REQUEST, TOO_LARGE]),
    ("a long header", request(extra=b"X: " + b"y" * 9000 + b"\r\n"), [BAD_REQUEST, TOO_LARGE]),
    ("a long target", request(b"GET /" + b"a" * 9000 + b" HTTP/1.1"), [BAD_REQUEST, 414, TOO_LARGE]),
]  # fmt: skip


# Proves 6455-4.2.1-1.
@pytest.mark.parametrize(
    ("sent", "statuses"), [row[1:] for row in BAD_REQUESTS], ids=[row[0] for row in BAD_REQUESTS]
)
def test_a_bad_request_is_refused_with_its_status(port, sent, statuses):
    with Raw(port) as raw:
        raw.send(sent)
        status, head = raw.read_head()
        assert status in statuses
        assert b"set-cookie" not in head.lower(), "nothing of a request is reflected"
        if status == UPGRADE_REQUIRED:
            assert b"\r\nsec-websocket-version: 13" in head.lower()
        if status == FORBIDDEN_METHOD:
            assert b"\r\nallow: " in head.lower()


def test_a_request_behind_a_body_is_never_answered(port):
    with Raw(port) as raw:
        hidden = request(b"GET / HTTP/1.1")
        raw.send(request(Content_Length=str(len(hidden)).encode()) + hidden)
        status, _ = raw.read_head()
        assert status == BAD_REQUEST
        assert b"HTTP/1.1" not in raw.read_to_end()


def test_after_the_upgrade_nothing_is_http_any_more(port):
    with Raw(port) as raw:
        raw.send(request() + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        raw.read_switching_protocols()
        assert raw.read_close() == 1002


def test_frames_in_the_segment_of_the_request_are_served_after_it(port):
    with Raw(port) as raw:
        raw.send(request() + close(4321))
        raw.read_switching_protocols()
        assert raw.read_close() == 4321


def test_an_endless_head_is_cut(port):
    with Raw(port) as raw:
        try:
            raw.send(b"GET /ws HTTP/1.1\r\n")
            for _ in range(256 * 1024 // 120):
                raw.send(b"X: " + b"y" * 115 + b"\r\n")
            status, _ = raw.read_head()
            assert status in (BAD_REQUEST, TOO_LARGE)
        except (ConnectionError, EOFError):
            pass  # cut off while we were sending, which is as good


def test_a_list_of_spaces_is_read_in_linear_time(port):
    with Raw(port) as raw:
        start = time.monotonic()
        raw.send(request(Sec_WebSocket_Protocol=b"b" + b" " * 7000 + b"x"))
        raw.read_head()
        assert time.monotonic() - start < 2


@pytest.mark.parametrize("connection", [b"upgrade", b"keep-alive, Upgrade", b"a ,,\tUPGRADE"])
def test_the_connection_list_is_read_as_a_list(port, connection):
    with Raw(port) as raw:
        raw.send(request(Connection=connection, Upgrade=b"WebSocket"))
        raw.read_switching_protocols()


@pytest.mark.parametrize("path", [b"/", b"/ws", b"/ws?token=a"])
def test_both_paths_upgrade(port, path):
    with Raw(port) as raw:
        raw.send(request(b"GET %s HTTP/1.1" % path))
        raw.read_switching_protocols()


def test_the_first_subprotocol_that_the_server_knows_is_chosen(port):
    with Raw(port) as raw:
        raw.send(request(Sec_WebSocket_Protocol=b"chat, wirechat.v1"))
        assert b"\r\nsec-websocket-protocol: wirechat.v1" in raw.read_switching_protocols().lower()


def test_no_subprotocol_is_chosen_when_none_is_known(port):
    with Raw(port) as raw:
        raw.send(request(Sec_WebSocket_Protocol=b"chat, superchat"))
        assert b"sec-websocket-protocol" not in raw.read_switching_protocols().lower()


def test_a_browser_gets_the_page_on_the_same_port(port):
    with Raw(port) as raw:
        raw.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        status, head = raw.read_head()
        assert status == 200
        assert b"\r\ncontent-type: text/html" in head.lower()
        assert b"<html" in raw.read_to_end().lower()


def test_hostile_headers_leave_no_mark_on_the_log(v1, server):
    """The fixture looks for control characters in what the server has written."""
    with Raw(server.port) as raw:
        raw.send(request(User_Agent=b"\x1b[2J evil", Origin=b"http://a\x9b31m"))
        raw.read_head()
    with Raw.opened(server.port) as raw:
        raw.send(frame(TEXT, b'{"type":"join","username":"\x1b[31m"}'))
        raw.send(frame(TEXT, b'{"type":"\\u001b[31m\\u009b"}') + close(4000, b"\x1b[31m\xc2\x9b"))
        raw.read_close()
