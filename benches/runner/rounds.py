"""Everybody in turn, several times."""

import sys
from dataclasses import dataclass, field
from statistics import median

from .machine import Failed
from .servers import Running


@dataclass
class Series:
    """What one contender's runs gave: numbers by name for each round, None where a
    run failed."""

    samples: list = field(default_factory=list)
    failure: str = ""

    def median(self, key):
        values = [sample[key] for sample in self.samples if sample]
        return median(values) if values else None

    def ratio(self, other, key):
        """The median of the rounds' ratios: what slows a machine down for a while
        changes it less than the ratio of two medians."""
        pairs = zip(self.samples, other.samples)
        ratios = [mine[key] / theirs[key] for mine, theirs in pairs if mine and theirs]
        return median(ratios) if ratios else None

    def failures(self):
        """How many runs failed and why the last one did; empty if none did."""
        count = self.samples.count(None)
        return f"{count} of {len(self.samples)} runs failed: {self.failure}" if count else ""


def in_rounds(title, contenders, rounds, measure):
    """Measures every contender once a round, so that whatever else the machine does
    meets them all. `contenders` gives for each name a server and the options that
    `measure(running, *options)` takes for it; the result has a Series for each name."""
    results = {name: Series() for name in contenders}
    for round in range(1, rounds + 1):
        for name, (server, *options) in contenders.items():
            print(f"{title}: {name} ({round} of {rounds})", file=sys.stderr, flush=True)
            try:
                with Running(server) as running:
                    sample = measure(running, *options)
            except Failed as failure:
                sample, results[name].failure = None, str(failure)
                print(f"  failed: {failure}", file=sys.stderr, flush=True)
            results[name].samples.append(sample)
    return results
