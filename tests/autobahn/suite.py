"""Runs the Autobahn suite in one or both roles and judges its report. Started by `run`."""

import argparse
import collections
import json
import os
import pathlib
import re
import select
import shlex
import socket
import subprocess
import sys
import time

from autobahntestsuite import case as cases
from autobahntestsuite.caseset import CaseSet

ROOT = pathlib.Path(__file__).parents[2]
REPORTS = ROOT / "target" / "autobahn"
EXPECTED = pathlib.Path(__file__).parent / "expected.txt"
RUN_WSTEST = "from autobahntestsuite.wstest import run; run()"
WSTEST = [sys.executable, "-u", "-W", "ignore", "-c", RUN_WSTEST]
START_LIMIT, RUN_LIMIT = 30, 3600  # seconds

# Cases that the suite itself never judges: 7.1.6 is a race by design, and in 7.13 the
# close code may be refused or taken.
INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}
# How the closing handshake went. Most cases that want the connection failed say so here
# alone. A server that leaves it to the suite to end TCP (FAILED BY CLIENT) is not good
# either: it SHOULD be the first (RFC 6455 §7.1.1).
GOOD_CLOSE = {"OK", "INFORMATIONAL"}


class CannotRun(Exception):
    """The run itself did not work, so there is no verdict."""


def main():
    parser = argparse.ArgumentParser(prog="tests/autobahn/run")
    parser.add_argument("role", nargs="?", choices=["server", "client", "both"], default="both")
    parser.add_argument("-c", "--case", action="append")
    parser.add_argument("-x", "--exclude", action="append", default=[])
    parser.add_argument("--accept", action="store_true")
    arguments = parser.parse_args()
    selection = {"cases": arguments.case or ["*"], "exclude-cases": arguments.exclude}
    roles = {"server": run_server, "client": run_client}
    passed = True
    for role, run in roles.items():
        if arguments.role in (role, "both"):
            passed &= test(role, run, selection, arguments.accept)
    return 0 if passed else 1


def test(role, run, selection, accept):
    ids = select_cases(selection)
    folder = REPORTS / role
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.*"):
        old.unlink()
    log = folder / "wstest.log"
    start = time.monotonic()
    run(folder, log, {"outdir": str(folder), "exclude-agent-cases": {}, **selection})
    if re.search(r"^(Unhandled Error|Traceback)", log.read_text("utf-8", "replace"), re.M):
        raise CannotRun(f"the suite itself raised an exception: {log}")
    reported = read_report(folder)
    if accept:
        write_expected(ids, reported)
    return judge(role, ids, reported, folder, time.monotonic() - start)


def select_cases(selection):
    """The ids of the cases that a run must report."""
    suite = CaseSet(
        cases.CaseSetname,
        cases.CaseBasename,
        cases.Cases,
        cases.CaseCategories,
        cases.CaseSubCategories,
    )
    ids = suite.parseSpecCases(selection)
    unknown = [id for id in ids if id not in suite.CasesById]
    if unknown or not ids:
        raise CannotRun(f"no such case: {', '.join(unknown) or 'nothing is left'}")
    return ids


def run_server(folder, log, spec):
    """The suite as a client of our echo server."""
    program = os.environ.get("WIRECHAT_BIN", str(ROOT / "target/release/wirechat"))
    if not os.access(program, os.X_OK):
        raise CannotRun(f"no program to test: {program}")
    command = [program, "echo", "--listen", "127.0.0.1:0"]
    echo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        ready, _, _ = select.select([echo.stdout], [], [], START_LIMIT)
        uri = ready and re.search(r"ws://127\.0\.0\.1:\d+/", echo.stdout.readline())
        if not uri:
            raise CannotRun("the echo server did not say where it listens")
        spec["servers"] = [{"agent": "wirechat", "url": uri[0]}]
        suite = start_suite("fuzzingclient", folder, log, spec)
        wait(suite, RUN_LIMIT, "the suite")
        if echo.poll() is not None:
            raise CannotRun(f"the echo server ended with exit code {echo.returncode}")
    finally:
        stop(echo)


def run_client(folder, log, spec):
    """The suite as a server for our client."""
    port = free_port()
    uri = f"ws://127.0.0.1:{port}"
    build = ["cargo", "run", "--quiet", "--release", "--example", "autobahn_client", "--"]
    command = shlex.split(os.environ.get("WIRECHAT_AUTOBAHN_CLIENT", "")) or build
    # -u 0: without the web server that wstest would open beside.
    suite = start_suite("fuzzingserver", folder, log, {"url": uri, **spec}, "-u", "0")
    try:
        wait_until(lambda: accepts(port) or suite.poll() is not None, "the suite's server")
        client = subprocess.Popen([*command, uri], cwd=ROOT)
        try:
            wait(client, RUN_LIMIT, "the client")
        finally:
            stop(client)
        if client.returncode:
            raise CannotRun(f"the client ended with exit code {client.returncode}")
        wait_until(lambda: "Report generation complete" in log.read_text("utf-8", "replace"), "the report")
    finally:
        stop(suite)


def start_suite(mode, folder, log, spec, *options):
    file = folder / "spec.json"
    file.write_text(json.dumps(spec))
    with log.open("wb") as output:
        command = [*WSTEST, "-m", mode, "-s", str(file), *options]
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(holds, what):
    deadline = time.monotonic() + START_LIMIT
    while not holds():
        if time.monotonic() > deadline:
            raise CannotRun(f"waited {START_LIMIT} s for: {what}")
        time.sleep(0.1)


def wait(process, limit, what):
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        stop(process)
        raise CannotRun(f"{what} was stopped after {limit} s") from None


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def read_report(folder):
    """What the suite says of each case that ran: `behavior`, `behaviorClose`,
    `remoteCloseCode`, and the name of a file that says more."""
    index = folder / "index.json"
    if not index.exists():
        raise CannotRun(f"the suite wrote no report: {folder / 'wstest.log'}")
    agents = list(json.loads(index.read_text()).values())
    if len(agents) != 1:
        raise CannotRun(f"the report is about {len(agents)} agents instead of one")
    return agents[0]


def read_expected():
    """The committed outcome of each case, which is the same in both roles."""
    return dict(line.split(maxsplit=1) for line in EXPECTED.read_text().splitlines())


def write_expected(ids, reported):
    expected = read_expected()
    expected.update({id: outcome(reported[id]) for id in ids if id in reported})
    in_order = sorted(expected.items(), key=lambda case: [int(part) for part in case[0].split(".")])
    EXPECTED.write_text("".join(f"{id} {what}\n" for id, what in in_order))


def outcome(report):
    """A case's line in the file of expected outcomes: the verdict, how the closing
    handshake went, and the code of the Close that came from us."""
    code = report["remoteCloseCode"] or "none"
    return f"{report['behavior']}, close {report['behaviorClose']} {code}"


def judge(role, ids, reported, folder, seconds):
    """Prints what did not pass or was not expected, and a closing line."""
    expected = read_expected()
    verdicts = collections.Counter()
    for id in ids:
        verdict, why = judge_case(id, reported.get(id), expected.get(id), folder)
        verdicts[verdict] += 1
        if verdict not in ("OK", "INFORMATIONAL"):
            print(f"{verdict:<13} {id:<8} {why}")
    failed = len(ids) - verdicts["OK"] - verdicts["INFORMATIONAL"]
    print(
        f"autobahn {role}: {len(ids)} cases: {verdicts['OK']} OK, "
        f"{verdicts['INFORMATIONAL']} informational, {failed} failed in {seconds:.0f} s"
    )
    return failed == 0


def judge_case(id, report, expected, folder):
    """(verdict, why)"""
    if report is None:
        return "MISSING", "the case did not run"
    verdict, close = report["behavior"], report["behaviorClose"]
    if verdict == "INFORMATIONAL" and id not in INFORMATIONAL:
        verdict = "NOT JUDGED"
    if verdict == "OK" and close not in GOOD_CLOSE:
        verdict = "CLOSE"
    if verdict in ("OK", "INFORMATIONAL"):
        now = outcome(report)
        return (verdict, "") if now == expected else ("CHANGED", f"{now}; expected: {expected}")
    details = json.loads((folder / report["reportfile"]).read_text())
    return verdict, f"{details['result']} | close {close}: {details['resultClose']}"


try:
    sys.exit(main())
except CannotRun as error:
    print(f"autobahn: {error}", file=sys.stderr)
    sys.exit(2)
