"""Echo: what it costs to read a message and write it back."""

from .report import Target
from .servers import ECHO, FASTWEBSOCKETS, echoes
from .traffic import compare

CLIENTS = 100

# Sizes in bytes, and the CPU time that is wanted, as part of that of fastwebsockets.
SIZES = [(20, "20 B", 0.9), (1 << 10, "1 KiB", 0.9), (16 << 10, "16 KiB", 1.0)]

FAST, OURS = FASTWEBSOCKETS.name, ECHO.name


def measure(settings):
    """Prints the tables; gives the targets."""
    contenders = {server.name: (server, []) for server in echoes()}
    for size, name, wanted in SIZES:
        # Each client has one message on the way.
        options = ["--clients", CLIENTS, "--in-flight", CLIENTS, "--size", size]
        title = f"Echo: {CLIENTS} clients, {name}"
        unit = ("message", "messages")
        results = compare(title, contenders, FAST, settings, *options, unit=unit)
        measured = results[OURS].ratio(results[FAST], "cpu")
        yield Target(f"echo, {name}: CPU per message × {FAST}", "<=", wanted, measured)
