"""A network between a client and its server that can break, or lose what it carries."""

import contextlib
import socket
import struct
import threading

# SO_LINGER with no time: closing sends a reset.
RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Carries TCP connections from a port of its own to the server's."""

    def __init__(self, port):
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = []
        self._swallows = False
        self.uri = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/ws"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._sockets += [client, server]
                for pair in [(client, server), (server, client)]:
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if not self._swallows:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def swallow(self, swallows):
        """Whether what is sent from now on is lost, while the connections seem to live."""
        self._swallows = swallows

    def cut(self):
        """Breaks every connection there is."""
        sockets, self._sockets = self._sockets, []
        for end in sockets:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RD)
            end.close()

    def stop(self):
        self._listener.close()
        self.cut()
