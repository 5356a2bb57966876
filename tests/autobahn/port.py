#!/usr/bin/env python3
"""Turns the source of the Autobahn suite 25.10.1 (Python 2) into a package for Python 3
without a change to what a case sends or expects.

usage: port.py UNPACKED_SOURCE SITE_PACKAGES

Cases on Python 2 hold bytes in '…' literals. So that they still do:
  * the `fissix` fixers (lib2to3) touch syntax only;
  * every file is declared latin-1: each literal keeps one code point per byte;
  * where cases (latin-1 str) meet the autobahn library (bytes) stands one mixin, Edge
    of py3_edge.py, which encodes what is sent and decodes what came. The cases that
    carry test data (12.*, 13.*) work on real bytes, and are given bytes.
Each edit names the text that it replaces, which must be there exactly once.
"""

import pathlib
import re
import shutil
import sys
import warnings

warnings.simplefilter("ignore")
from fissix.refactor import RefactoringTool  # noqa: E402

# Code for other things than WebSocket tests (WAMP, wsperf, a database), not imported by them.
NOT_NEEDED = """wampcase wampfuzzing.py wamptestee.py wamptestserver.py wsperfcontrol.py
    wsperfmaster.py testdb.py testrun.py rinterfaces.py serializer.py util.py""".split()

FIXERS = "except exec has_key import ne numliterals print raise repr unicode xrange".split()

# file -> [(old, new)]
EDITS = {
    # Pickles differ by object identity; equality is what was meant.
    "case/case.py": [
        ("return pickle.dumps(obj1) == pickle.dumps(obj2)", "return obj1 == obj2"),
    ],
    "case/case10_1_1.py": [
        (
            "len(self.payload) / self.p.autoFragmentSize",
            "len(self.payload) // self.p.autoFragmentSize",
        ),
    ],
    "case/case6_x_x.py": [
        ("res = v.validate(vss[:i])", "res = v.validate(vss[:i].encode('latin-1'))"),
    ],
    # Not among the cases that upstream runs, and it does not import on Python 3.
    "case/__init__.py": [("from .case9_9_1 import *\n", "")],
    "wstest.py": [("\nimport serializer\n", "\n")],
    "fuzzing.py": [
        (
            "import os, json, binascii, time, textwrap, pkg_resources",
            "import os, json, time, textwrap, pkg_resources\nfrom functools import partial\n"
            "from .py3_edge import Edge, binascii, asciiLogData, binLogData, text\n"
            "open = partial(open, encoding='utf-8')",
        ),
        # Only for wss://, and it would need OpenSSL.
        ("from twisted.internet import reactor, ssl", "from twisted.internet import reactor"),
        ("self.contextFactory = ssl.ClientContextFactory()", "self.contextFactory = None"),
        # Both come from py3_edge.
        ("def binLogData(", "def _unused_binLogData("),
        ("def asciiLogData(", "def _unused_asciiLogData("),
        ("class FuzzingProtocol:", "class FuzzingProtocol(Edge):"),
        ("p = ''.join(payload)", "p = b''.join(payload)"),
        ("self.runCase.onPong(payload)", "self.runCase.onPong(text(payload))"),
        (
            "self.runCase.onMessage(msg, binary)",
            "self.runCase.onMessage(msg if hasattr(self.runCase, 'TESTDATA') else text(msg), binary)",
        ),
        ('"Pong received: " + payload', '"Pong received: " + text(payload)'),
        (
            '"localCloseReason": self.localCloseReason',
            '"localCloseReason": text(self.localCloseReason)',
        ),
        (
            '"remoteCloseReason": self.remoteCloseReason',
            '"remoteCloseReason": text(self.remoteCloseReason)',
        ),
        ("self.http_request_data if hasattr", "text(self.http_request_data) if hasattr"),
        ("self.http_response_data if hasattr", "text(self.http_response_data) if hasattr"),
        ('case[c[0]], c[1])).encode("utf-8"))', "case[c[0]], c[1])))"),
        ("ll.encode('utf8')", "ll"),
        # Upstream listens on every interface.
        (
            "listenWS(factory, sslContext)",
            "listenWS(factory, sslContext, interface='127.0.0.1')",
        ),
    ],
}  # fmt: skip


def main(source, site_packages):
    package = pathlib.Path(site_packages, "autobahntestsuite")
    shutil.copytree(pathlib.Path(source, "autobahntestsuite"), package)
    for name in NOT_NEEDED:
        unneeded = package / name
        shutil.rmtree(unneeded) if unneeded.is_dir() else unneeded.unlink()

    tool = RefactoringTool([f"fissix.fixes.fix_{fixer}" for fixer in FIXERS])
    for file in sorted(package.rglob("*.py")):
        convert_syntax(file, tool)
    for file in sorted((package / "case").glob("*.py")):
        convert_case(file)
    for name, edits in EDITS.items():
        rewrite(package / name, lambda code: edit(name, code, edits))
    (package / "case" / "case9_9_1.py").unlink()
    shutil.copy(pathlib.Path(__file__).with_name("py3_edge.py"), package)

    for file in package.rglob("*.py"):
        compile(file.read_bytes(), str(file), "exec")


def rewrite(file, change):
    code = file.read_bytes().decode("latin-1").replace("\r\n", "\n")
    file.write_bytes(change(code).encode("latin-1"))


def convert_syntax(file, tool):
    def change(code):
        code = re.sub(r"^# *-?\*?-? *coding[=:] *utf-8.*\n", "", code)
        code = code if code.endswith("\n") else code + "\n"
        return "# -*- coding: latin-1 -*-\n" + str(tool.refactor_string(code, str(file)))

    rewrite(file, change)


def convert_case(file):
    def change(code):
        # An old-style class could stand behind `object` in a list of bases.
        code = re.sub(r"\(object, *Case, *\)", "(Case,)", code)
        return re.sub(
            r"^import binascii$", "from autobahntestsuite.py3_edge import binascii", code, flags=re.M
        )

    rewrite(file, change)


def edit(name, code, edits):
    for old, new in edits:
        if code.count(old) != 1:
            sys.exit(f"port.py: {name} has {code.count(old)} times: {old}")
        code = code.replace(old, new)
    return code


main(*sys.argv[1:])
