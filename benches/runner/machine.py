"""What this machine has for a measurement: cores, descriptors, programs."""

import os
import resource
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ROOT / "benches/servers"

# The longest that a build may take, in seconds.
BUILD_LIMIT = 1800


class Failed(Exception):
    """A server or the load generator did not do what it was asked to."""


def _target(folder):
    return folder / os.environ.get("CARGO_TARGET_DIR", "target") / "release"


def wirechat():
    return _target(ROOT) / "wirechat"


def bench_server(name):
    return _target(SERVERS) / name


def find_bun():
    """Bun, if it is on the PATH or was installed with `npm install --no-save bun`."""
    local = SERVERS / "node_modules/.bin/bun"
    return local if local.exists() else shutil.which("bun")


def find_ws():
    """Node, if it and `ws` are there."""
    return shutil.which("node") if (SERVERS / "node_modules/ws").is_dir() else None


def build():
    """Builds everything in release mode; installs `ws` if there is Node to run it."""
    for folder in (ROOT, SERVERS):
        _run(["cargo", "build", "--release", "--locked"], folder)
    if shutil.which("node") and shutil.which("npm") and not find_ws():
        _run(["npm", "ci", "--no-audit", "--no-fund"], SERVERS)


def _run(command, folder):
    done = subprocess.run(command, cwd=folder, timeout=BUILD_LIMIT, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise SystemExit(f"benches/run: {' '.join(command)} failed in {folder}")


def pinned(command, to):
    """The command as text, on its cores: servers on the first, the load on all others."""
    command = list(map(str, command))
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return command
    chosen = {"server": cores[:1], "load": cores[1:]}[to]
    return ["taskset", "-c", ",".join(map(str, chosen)), *command]


def raise_open_files():
    """Raises the limit of open files as far as this user may; gives the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def describe():
    """A line that says where the numbers come from."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else os.uname().machine
    return f"{len(os.sched_getaffinity(0))} cores ({model}), Linux {os.uname().release}"
