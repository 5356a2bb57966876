"""Memory: what a connection costs that says nothing."""

from .load import load
from .report import Target, number, print_table
from .rounds import in_rounds
from .servers import CHAT, ECHO, echoes

# The last one is what the targets are for.
COUNTS = [5_000, 10_000]

# Members of each room of the chat: those of a room are told of each other.
A_ROOM = 100

IN_CHAT, ONLY_ECHO = "wirechat, joined", ECHO.name


def measure(settings):
    """Prints the tables; gives the targets."""
    contenders = {IN_CHAT: (CHAT,), **{server.name: (server,) for server in echoes()}}

    def idle(count):
        def measure_one(running):
            options = ["--clients", count, "--rooms", count // A_ROOM, "--rate", 0]
            report = load(running, *options, seconds=settings.seconds)
            return {"bytes": report["server"]["bytes_per_connection"]}

        title = f"Memory: {count:,} idle connections"
        results = in_rounds(title, contenders, settings.rounds, measure_one)
        print_table(title, ["", "resident bytes each"], results, _bytes)
        return results

    results = {count: idle(count) for count in COUNTS if settings.allows(count)}
    most = results.get(COUNTS[-1])
    for name, wanted in (IN_CHAT, 1536), (ONLY_ECHO, 1024):
        measured = most[name].median("bytes") if most else None
        what = f"memory, {COUNTS[-1]:,} idle, {name}: bytes each"
        yield Target(what, "<=", wanted, measured, digits=0)


def _bytes(series):
    return [number(series.median("bytes"))]
