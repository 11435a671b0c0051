"""What can be said of a peak of several readers, who take turns differently each time.

Which of them are at the same place at the same moment is chance, and with it every peak. What they allocate
in all isn't, and no order of theirs can make a peak higher than that. So a peak that was seen on one side,
and is higher than all that the other side allocates, is a difference however they take turns.
"""

from dataclasses import dataclass

from cachekit_memprobe.metrics import RSS, metric_of
from cachekit_memprobe.result import Result

WHY_TURNS = "several readers take turns differently each time, and with them the peak"

_PEAKS = ("live.", "peak.", "aftermath.peak", "rss.peak", "rss.anon", "rss.file", "rss.shared", "rss.total")
_MAPPED = ("mapped.file", "mapped.shared")


@dataclass(frozen=True)
class Range:
    """How much more NEW has, in bytes, whichever turns the readers take: at least, and at most."""

    least_bytes: float
    most_bytes: float


def takes_turns(name: str, base: Result, new: Result) -> bool:
    """Whether a metric is a peak of several readers."""
    readers = max(base.scenario.read.readers, new.scenario.read.readers)
    return readers > 1 and name.startswith(_PEAKS)


def range_of(name: str, base: Result, new: Result) -> Range | None:
    """Between the highest that was seen on a side and the highest that there can be on the other.

    ``None`` where memray has not counted on a side what is allocated in all.
    """
    highest_before, highest_after = _highest(name, base), _highest(name, new)
    if highest_before is None or highest_after is None:
        return None
    before, after = (_bytes(name, one) for one in (base, new))
    return Range(after - max(before, highest_before), max(after, highest_after) - before)


def _highest(name: str, result: Result) -> float | None:
    """What the readers allocate and map together, each of them all that it does at the same time."""
    kind, _, stage = name.partition(".")
    allocated = {"live": f"copies.{stage}", "aftermath": "aftermath.copies"}.get(kind, "copies.total")
    of_a_file = name in ("rss.file", "rss.shared")
    mapped = _MAPPED if metric_of(name).instrument == RSS else ()
    counted = (*mapped, *(() if of_a_file else (allocated,)))
    if any(one not in result.metrics for one in counted):
        return None
    highest = sum(_bytes(one, result) for one in counted)
    if name == "rss.total":
        return highest + _bytes(name, result) - _bytes("rss.peak", result)
    return highest / result.scenario.read.readers if name == "rss.peak_per_reader" else highest


def _bytes(name: str, result: Result) -> float:
    size_bytes = result.payload.logical_bytes if result.payload else 0
    return result.metrics.get(name, 0.0) * size_bytes
