"""The one vocabulary of metric names, shared by budgets, JSON, reports and comparisons.

A value is in payloads: times the logical size of the cached value. Its size in bytes is that times
the payload. The rows are in :mod:`cachekit_memprobe.vocabulary`.
"""

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.vocabulary import (
    ALIASING,
    INSTRUMENTS,
    MEMRAY,
    METRICS,
    QUICK,
    RETENTION,
    RSS,
    TRACEMALLOC,
    Metric,
)

__all__ = [
    "ALIASING",
    "INSTRUMENTS",
    "MEMRAY",
    "METRICS",
    "NAMES",
    "QUICK",
    "RETENTION",
    "RSS",
    "RSS_NOISE_BYTES",
    "SMALLEST_JUDGED_BYTES",
    "SMALLEST_PAYLOAD_BYTES",
    "TRACEMALLOC",
    "Metric",
    "expand",
    "metric_of",
    "noise_bytes",
]

RSS_NOISE_BYTES = 1 << 20
"""By how much a figure of the resident set differs by itself: the kernel batches its counters by
thread, and code pages fault in when they please. Heap figures are exact."""


SMALLEST_PAYLOAD_BYTES = 1_000_000
"""A read takes some 0.3 MB for itself, most of it for the key: of a smaller value that is much of what is
measured, and figures in payloads say little."""


SMALLEST_JUDGED_BYTES = 8_000_000
"""From here on the limits of the bundled scenarios hold. The 0.3 MB of any read, and an arena of 1 MiB that
Python takes in one read or another, still exceed some of them at 4 MB, and none at 8 MB."""


def expand(metric: Metric) -> tuple[str, ...]:
    """The concrete names of a metric: itself, or one for each stage."""
    if not metric.per_stage:
        return (metric.name,)
    return tuple(metric.name.replace("<stage>", stage) for stage in STAGES)


_BY_NAME = {name: metric for metric in METRICS for name in expand(metric)}

NAMES = tuple(_BY_NAME)
"""Every name that a budget may use."""


def metric_of(name: str) -> Metric:
    """The vocabulary's entry for a concrete name.

    Raises:
        KeyError: the name is not in the vocabulary.
    """
    return _BY_NAME[name]


def noise_bytes(name: str) -> int:
    """By how much a metric may differ between two measurements of the same thing.

    Raises:
        KeyError: the name is not in the vocabulary.
    """
    return RSS_NOISE_BYTES if metric_of(name).instrument == RSS else 0
