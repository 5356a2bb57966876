"""Opening handshakes: how many a core can do in a second."""

from dataclasses import replace

from .load import load
from .report import Target, number, print_table
from .rounds import in_rounds
from .servers import CHAT, ECHO, echoes

# So many that the ticks of 10 ms in which CPU time is counted do not matter.
CONNECTIONS = 10_000

# Its clients do not join, and so do as an echo's: nothing but connect and close.
IN_CHAT = CHAT.name
CONNECTED_ONLY = replace(CHAT, kind="echo")


def measure(settings):
    """Prints the table; gives the targets."""
    contenders = {IN_CHAT: (CONNECTED_ONLY,), **{server.name: (server,) for server in echoes()}}

    def measure_one(running):
        before = running.cpu_seconds()
        load(running, "--clients", CONNECTIONS, "--rate", 0, "--warm-up", 0, seconds=0.1)
        return {"per_second": CONNECTIONS / (running.cpu_seconds() - before)}

    title = "Handshakes: connections opened, and closed again"
    results = in_rounds(title, contenders, settings.rounds, measure_one)
    print_table(title, ["", "a second and core"], results, _per_second)
    for name in IN_CHAT, ECHO.name:
        measured = results[name].median("per_second")
        yield Target(f"handshakes, {name}: a second and core", ">=", 10_000, measured, digits=0)


def _per_second(series):
    return [number(series.median("per_second"))]
