"""Fan-out: what it costs to bring a message to everybody."""

import json

from .report import Target
from .servers import CHAT, FLOOR_RELAY, relays
from .traffic import compare

# What somebody says, in bytes.
SAID = 64

# The chat adds the sender, the time and the place. A relay adds nothing: what it is sent
# is as long as the chat's objects are, so that the kernel copies as many bytes for both.
OBJECT = {
    "type": "message",
    "username": "load-12345-100-0",
    "content": "x" * SAID,
    "timestamp": 1_700_000_000_000,
    "room": "load-1",
    "seq": 100_000,
    "id": "0123456789abcdef-100000",
}
RELAYED = len(json.dumps(OBJECT, separators=(",", ":")))

FLOOR, OURS = FLOOR_RELAY.name, CHAT.name

SATURATED_200 = ["--clients", 200, "--in-flight", 64]
SATURATED_32 = ["--clients", 32, "--in-flight", 32]

# A hundred thousand deliveries a second, to many and to very many.
STEADY_1_000 = ["--clients", 1_000, "--rate", 100]
STEADY_10_000 = ["--clients", 10_000, "--rate", 10]

# A megabyte a second for each: who never reads has soon filled what the kernel keeps for
# a connection, 4 MiB by default. 2 of 200 are 1 %.
ALL_READ = ["--clients", 200, "--rate", 1_000, "--size", 1 << 10]
SOME_NEVER_READ = [*ALL_READ, "--never-read", 2]


def measure(settings):
    """Prints the tables; gives the targets."""
    yield _beside_floor("200 clients, 64 messages on the way", SATURATED_200, 1.15, settings)
    yield _beside_floor("32 clients, 32 messages on the way", SATURATED_32, 1.10, settings)
    yield _beside_floor("1,000 clients, 100 messages a second", STEADY_1_000, 1.05, settings)

    measured = None
    if settings.allows(10_000) and not settings.quick:
        measured = _beside_itself("10,000 clients", STEADY_1_000, STEADY_10_000, "cpu", settings)
    yield Target("fan-out, 10,000 clients: CPU per delivery × that of 1,000", "<=", 1.10, measured)

    measured = _beside_itself("1 % never read", ALL_READ, SOME_NEVER_READ, "p99", settings)
    yield Target("fan-out, 1 % never read: p99 × that while all read", "<=", 1.10, measured)


def _beside_floor(title, options, wanted, settings):
    contenders = {server.name: (server, _size(server)) for server in relays()}
    contenders[f"floor, {SAID} B as they are"] = (FLOOR_RELAY, ["--size", SAID])
    results = compare(f"Fan-out: {title}", contenders, FLOOR, settings, *options)
    measured = results[OURS].ratio(results[FLOOR], "cpu")
    return Target(f"fan-out, {title}: CPU per delivery × floor", "<=", wanted, measured)


def _beside_itself(title, usual, other, key, settings):
    """How many times as much of `key` the chat has with other options than the usual ones."""
    contenders = {OURS: (CHAT, usual), f"{OURS}, {title}": (CHAT, other)}
    usually, otherwise = compare(f"Fan-out: {title}", contenders, OURS, settings).values()
    return otherwise.ratio(usually, key)


def _size(server):
    return ["--size", SAID if server is CHAT else RELAYED]
