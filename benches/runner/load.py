"""Runs of the load generator, `wirechat load`."""

import json
import subprocess

from .machine import Failed, pinned, wirechat

# What a run may take beyond the time that is measured, in seconds: to connect, to warm
# up, to wait for what is on the way, to close. Ten thousand who join one room are told of
# each other, which takes minutes.
PATIENCE = 300


def load(running, *options, seconds):
    """What the load generator reports about `seconds` of load."""
    command = [wirechat(), "load", running.url, "--kind", running.server.kind, "--json", "--quiet"]
    command += ["--pid", running.pid, "--duration", seconds, *options]
    try:
        run = subprocess.run(
            pinned(command, to="load"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds + PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"the load did not end within {seconds + PATIENCE} s") from None
    running.check()
    if not run.stdout:
        said = run.stderr.strip().splitlines()
        raise Failed(said[-1] if said else f"the load ended with {run.returncode}")
    report = json.loads(run.stdout)
    if not report["ok"]:
        raise Failed(_what_is_wrong(report))
    if not report["server"]:
        raise Failed("nothing is known of its CPU time and memory")
    return report


def _what_is_wrong(report):
    found = {
        **{name: report["proof"][name] for name in ("lost", "duplicated", "out_of_order")},
        "refused": report["connections"]["refused"],
        "broken": report["connections"]["broken"],
        "errors": report["errors"],
    }
    return ", ".join(f"{name}: {what}" for name, what in found.items() if what)
