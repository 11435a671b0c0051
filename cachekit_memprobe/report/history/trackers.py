"""The newest point of a history as trackers of benchmarks read it, in bytes: smaller is better.

They keep what was before by themselves, so that each file has one point.
"""

from collections.abc import Iterator
from typing import Any

from cachekit_memprobe.child.printable import json_text
from cachekit_memprobe.history import Cell, History
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.history.words import columns_of
from cachekit_memprobe.units import format_payloads

_LONGEST_NAME = 1024


def to_github_benchmark(history: History) -> str:
    """For github-action-benchmark, with its tool ``customSmallerIsBetter``."""
    label = clean_line(history.points[-1].label)
    entries = [
        {
            "name": f"{name} {metric}",
            "unit": "bytes",
            "value": size_bytes,
            "extra": f"{format_payloads(cell.metrics[metric])} of the value's size, {history.axis} {label}",
        }
        for name, metric, size_bytes, cell in _figures(history)
    ]
    return json_text(entries, indent=2)


def to_bencher(history: History) -> str:
    """For Bencher, in its Metric Format: of each scenario its measures."""
    benchmarks: dict[str, dict[str, Any]] = {}
    for name, metric, size_bytes, _ in _figures(history):
        benchmarks.setdefault(name, {})[metric] = {"value": size_bytes}
    return json_text(benchmarks, indent=2)


def _figures(history: History) -> Iterator[tuple[str, str, int, Cell]]:
    """Those that were measured; what wasn't is no 0."""
    for scenario in history.scenarios:
        cell = scenario.cells[-1]
        for metric in columns_of(history):
            size_bytes = cell.bytes_of(metric)
            if size_bytes is not None:
                yield clean_line(scenario.name)[:_LONGEST_NAME], metric, size_bytes, cell
