"""In which order the combinations of a matrix stand."""

from collections.abc import Collection, Iterable

from cachekit_memprobe.metrics import noise_bytes
from cachekit_memprobe.result import Result
from cachekit_memprobe.sweep import STORED, Variant
from cachekit_memprobe.units import format_bytes, format_payloads

SIZES = ("rss.total", "rss.resting", STORED)
"""Of the whole process, L1's frame included, and of the frame where it is stored: in bytes."""

_RANKED_BY = ("rss.total", "rss.peak", "peak.heap", "copies.total", "verbatim.total")
"""The first that was measured. ``rss.peak`` would leave out the frame in L1, which a read from L2 hasn't."""


def sort_key(results: Collection[Result], asked: str = "") -> str:
    """The metric by which results are ordered, or ``stored``; empty if nothing of it was measured."""
    for name in (asked,) if asked else _RANKED_BY:
        if any(sortable(result, name) is not None for result in results):
            return name
    return ""


def ranked(results: Iterable[Result], asked: str = "") -> list[Result]:
    """Results by size as they were asked for, of one size the smallest figure first; those without last."""
    order = list(results)
    sizes = _sizes(order)
    key = sort_key(order, asked)

    def rank(result: Result) -> tuple[int, float, float]:
        worst = float("inf")
        found = sortable(result, key)
        by_key = worst if found is None else round(found / _step(result, key))
        return sizes.index(variant_of(result).size), by_key, result.metrics.get("copies.total", worst)

    return sorted(order, key=rank)


def equal_words(results: Collection[Result], asked: str = "") -> str:
    """What counts as equal, where that puts a combination before one with a smaller figure."""
    key, order = sort_key(results, asked), ranked(results, asked)
    sizes = _sizes(order)
    measured = [result for result in order if sortable(result, key) is not None]
    plainly = sorted(
        measured, key=lambda result: (sizes.index(variant_of(result).size), sortable(result, key))
    )
    if all(one is other for one, other in zip(measured, plainly, strict=True)):
        return ""
    widest = max(measured, key=lambda result: _step(result, key) * _payload_bytes(result))
    step = _step(widest, key)
    size = format_bytes(step * _payload_bytes(widest)) if key in SIZES else format_payloads(step)
    return f"what differs by less than {size} may count as equal, and copies.total decides"


def _step(result: Result, name: str) -> float:
    """By how much two figures have to differ, in payloads, for one to be called the smaller."""
    of_noise = 0 if name == STORED else noise_bytes(name)
    return max(0.01, of_noise / result.payload.logical_bytes if result.payload else 0)


def sortable(result: Result, name: str) -> float | None:
    """A metric, or the stored size, in payloads."""
    if name == STORED:
        return result.payload.frame_bytes / result.payload.logical_bytes if result.payload else None
    return result.metrics.get(name)


def _sizes(results: Iterable[Result]) -> list[str]:
    """In their order."""
    return list(dict.fromkeys(variant_of(result).size for result in results))


def _payload_bytes(result: Result) -> int:
    return result.payload.logical_bytes if result.payload else 0


def variant_of(result: Result) -> Variant:
    """Which combination a result is of."""
    return result.scenario.variant or Variant(of=result.scenario.name)
