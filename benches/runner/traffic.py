"""Contenders under the same load: CPU time, throughput and latency beside each other."""

from .load import load
from .machine import Failed
from .report import number, print_table
from .rounds import in_rounds


def compare(title, contenders, baseline, settings, *options, unit=("delivery", "deliveries")):
    """Measures and prints a table, with the CPU times as ratios to those of `baseline`;
    gives a Series for each contender, which is a name with a server and a list of
    options that the load generator is given for it beside `options`."""

    def measure(running, own):
        return _numbers(load(running, *options, *own, seconds=settings.seconds))

    def row(series):
        ratio = series.ratio(results[baseline], "cpu")
        numbers = [number(series.median(key)) for key in ("rate", "p50", "p99", "load")]
        return [number(series.median("cpu"), 2), number(ratio, 2), *numbers]

    results = in_rounds(title, contenders, settings.rounds, measure)
    one, many = unit
    headings = ["", f"CPU µs/{one}", f"× {baseline}", f"{many}/s"]
    headings += ["p50 µs", "p99 µs", "load CPU %"]
    print_table(title, headings, results, row)
    return results


def _numbers(report):
    if not report["deliveries"]:
        raise Failed("nothing was delivered")
    return {
        "cpu": report["server"]["cpu_us_per_delivery"],
        "rate": report["deliveries_per_second"],
        "p50": report["latency_us"]["p50"],
        "p99": report["latency_us"]["p99"],
        "load": report["load_cpu_percent"],
    }
