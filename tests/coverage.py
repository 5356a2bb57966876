"""Judges a coverage report by the list of what no test executes. Started by `coverage`."""

import collections
import itertools
import json
import pathlib
import sys

PROTO = pathlib.Path(__file__).resolve().parents[1] / "src/proto"
LIST = pathlib.Path(__file__).with_suffix(".txt")
KINDS = ["lines", "regions", "branches"]

# Something that can be executed: one of KINDS, the number of its line, how many times it
# was, and what the list calls it.
Item = collections.namedtuple("Item", "kind number times name")


class CannotRun(Exception):
    """There is nothing to judge, or nothing to judge it by."""


def main(report):
    files = json.loads(pathlib.Path(report).read_text())["data"][0]["files"]
    items = {name_of(file): items_of(file) for file in files if is_measured(file)}
    if not items:
        raise CannotRun("the report says nothing about src/proto")
    print_row("src/proto", KINDS)
    for file in sorted(items):
        print_row(file, shares(items[file]))
    print_row("all", shares(itertools.chain(*items.values())))
    return judge([(file, item) for file in sorted(items) for item in not_executed(items[file])])


def is_measured(file):
    """Whether this is a file of src/proto that does not hold tests alone."""
    if not pathlib.Path(file["filename"]).is_relative_to(PROTO):
        return False
    return not {"tests", "tests.rs"}.intersection(name_of(file).split("/"))


def name_of(file):
    return pathlib.Path(file["filename"]).relative_to(PROTO).as_posix()


def items_of(file):
    """All items of a file, without those of the test module at its end."""
    text = pathlib.Path(file["filename"]).read_text().splitlines()
    end = text.index("#[cfg(test)]") if "#[cfg(test)]" in text else len(text)

    def name(what, number):
        return f"{what}: {text[number - 1].strip()}"

    def piece(number, start, stop):
        # Columns count bytes from 1; without `stop` the piece goes on below.
        part = text[number - 1].encode()[start - 1 : stop and stop - 1]
        return part.decode("utf-8", "replace").strip()

    items, lines = [], collections.Counter()
    for number, start, stop, times in regions_of(file, end):
        lines[number] += times
        items.append(Item("regions", number, times, name(f"part `{piece(number, start, stop)}`", number)))
    for (number, start, stop), (if_true, if_false) in branches_of(file, end):
        condition = piece(number, start, stop)
        items.append(Item("branches", number, if_true, name(f"never true `{condition}`", number)))
        items.append(Item("branches", number, if_false, name(f"never false `{condition}`", number)))
    return items + [Item("lines", number, times, name("line", number)) for number, times in lines.items()]


def regions_of(file, end):
    """(line, first column, end column, times); no end if the region goes on below."""
    for segment, following in itertools.pairwise(file["segments"]):
        number, column, times, is_counted, is_start, is_gap = segment
        if number <= end and is_counted and is_start and not is_gap:
            yield number, column, following[1] if following[0] == number else None, times


def branches_of(file, end):
    """(line, first column, end column), (times true, times false). A report has a branch
    once for every time that its function was compiled."""
    counts = collections.defaultdict(lambda: [0, 0])
    for number, start, last_line, stop, if_true, if_false, *_ in file["branches"]:
        if number <= end:
            times = counts[number, start, stop if last_line == number else None]
            times[0] += if_true
            times[1] += if_false
    return counts.items()


def shares(items):
    """How many of each kind were executed, of how many."""
    items = list(items)
    of_kind = [[item for item in items if item.kind == kind] for kind in KINDS]
    return [f"{sum(item.times > 0 for item in some)}/{len(some)}" for some in of_kind]


def print_row(name, cells):
    print(f"{name:<28}" + "".join(f"{cell:>12}" for cell in cells))


def not_executed(items):
    """In order; that a line is not executed says it of everything on it."""
    idle = [item for item in items if item.times == 0]
    idle_lines = {item.number for item in idle if item.kind == "lines"}
    idle = [item for item in idle if item.kind == "lines" or item.number not in idle_lines]
    return sorted(idle, key=lambda item: item.number)


def judge(missing):
    """Prints what was not executed with the reason, and where report and list differ."""
    reasons, unlisted = read_list(), 0
    print("\nnot executed:")
    for file, item in missing:
        print(f"{file}:{item.number}: {item.name}")
        if reasons[file, item.name]:
            print(f"    {reasons[file, item.name].pop()}")
        else:
            unlisted += 1
            print("    NOT LISTED: test it, remove it, or say in tests/coverage.txt why not")
    gone = [entry for entry, rest in reasons.items() for _ in rest]
    for file, name in gone:
        print(f"{file}: {name}\n    GONE: executed now, or changed: correct tests/coverage.txt")
    print(f"\ncoverage: {len(missing) - unlisted} as listed, {unlisted} not listed, {len(gone)} gone")
    return 1 if unlisted or gone else 0


def read_list():
    """(file, name) -> the reason, once for each time that it stands there."""
    reasons, file, reason = collections.defaultdict(list), "", ""
    for number, line in enumerate(LIST.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            file, _, reason = line.partition(": ")
        if not reason:
            raise CannotRun(f"{LIST.name}:{number}: write `file: reason`, and items below it")
        if line.startswith(" "):
            reasons[file, line.strip()].append(reason)
    return reasons


try:
    sys.exit(main(sys.argv[1]))
except CannotRun as error:
    print(f"coverage: {error}", file=sys.stderr)
    sys.exit(2)
