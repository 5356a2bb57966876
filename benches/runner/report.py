"""Tables in Markdown, and whether the targets are met."""

from dataclasses import dataclass


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def print_table(title, headings, results, row):
    """A line for each Series of `results`, the name and what `row` makes of it; with
    blanks, so that it reads well in a terminal too. What failed is told in the row."""
    headings, rows = list(headings), [[name, *row(series)] for name, series in results.items()]
    failures = [series.failures() for series in results.values()]
    if any(failures):
        headings.append("failures")
        for cells, failure in zip(rows, failures):
            cells.append(failure)
    widths = [max(map(len, column)) for column in zip(headings, *rows)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print(f"### {title}\n")
    for first, *others in (headings, rule, *rows):
        cells = [first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]
        print(f"| {' | '.join(cells)} |")
    print(flush=True)


@dataclass(frozen=True)
class Target:
    """A number that is wanted, and the one that was measured: None if it was not."""

    what: str
    sign: str  # <= or >=
    wanted: float
    measured: float | None
    digits: int = 2

    def __str__(self):
        wanted = number(self.wanted, self.digits)
        return f"target: {self.what} wanted {self.sign} {wanted}: {self._outcome()}"

    def _outcome(self):
        if self.measured is None:
            return "not measured"
        over = self.measured - self.wanted
        met = over <= 0 if self.sign == "<=" else over >= 0
        return f"{number(self.measured, self.digits)} {'met' if met else 'missed'}"
