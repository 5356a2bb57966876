"""Where cases of the Autobahn suite (latin-1 str) meet the autobahn library (bytes).

port.py copies this file into the converted suite.
"""

import binascii as standard_binascii


def raw(data):
    """A str as the cases use it -> the bytes that it stands for."""
    return data.encode("latin-1") if isinstance(data, str) else data


def text(data):
    """Bytes -> a str with one code point per byte."""
    return bytes(data).decode("latin-1") if isinstance(data, (bytes, bytearray)) else data


class binascii:
    """The two functions that the suite uses, from str to str."""

    @staticmethod
    def b2a_hex(data):
        return standard_binascii.b2a_hex(raw(data)).decode("ascii")

    hexlify = b2a_hex


def binLogData(data, maxlen=64):
    data = raw(data)
    if len(data) > maxlen - 4:
        return binascii.b2a_hex(data[:maxlen]) + " ..."
    return binascii.b2a_hex(data)


def asciiLogData(data, maxlen=64, replace=False):
    data = raw(data)
    try:
        shown = data[:maxlen] + b" ..." if len(data) > maxlen - 4 else data
        return shown.decode("utf8", errors="replace" if replace else "strict")
    except UnicodeDecodeError:
        return "0x" + binLogData(data, maxlen)


class Reason(bytes):
    """A close reason whose decoding never raises: Python 2 let lone surrogates pass, and what
    is not UTF-8 has been reported before."""

    def decode(self, *_, **__):
        return bytes.decode(self, "utf8", "replace")


class Edge:
    """Mixed into the protocol of the suite: bytes on the library's side of each call."""

    def onCloseFrame(self, code, reasonRaw):
        return super().onCloseFrame(code, None if reasonRaw is None else Reason(reasonRaw))

    def sendFrame(self, opcode, payload=b"", fin=True, rsv=0, mask=None,
                  payload_len=None, chopsize=None, sync=False):  # fmt: skip
        payload = raw(payload)
        if payload_len is not None:  # the library would divide with "/"
            whole, part = divmod(payload_len, len(payload))
            payload = payload * whole + payload[:part]
        return super().sendFrame(opcode, payload, fin, rsv, raw(mask), None, chopsize, sync)

    def sendMessage(self, payload, isBinary=False, *args, **kwargs):
        return super().sendMessage(raw(payload), isBinary, *args, **kwargs)

    def sendMessageFrameData(self, payload, sync=False):
        return super().sendMessageFrameData(raw(payload), sync)

    def sendPing(self, payload=None):
        return super().sendPing(raw(payload))

    def sendPong(self, payload=None):
        return super().sendPong(raw(payload))

    def sendCloseFrame(self, code=None, reasonUtf8=None, isReply=False):
        return super().sendCloseFrame(code, raw(reasonUtf8), isReply)
