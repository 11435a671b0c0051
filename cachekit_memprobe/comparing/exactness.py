"""How exactly a metric of two results can be compared: by its instrument, and by what the reads allocate."""

from dataclasses import dataclass

from cachekit_memprobe.comparing.chance import (
    ANY_READ_BYTES,
    ARENA_BYTES,
    BESIDE_BYTES,
    are_in_pieces,
    are_of_objects,
    arenas_bytes,
    chance_bytes,
    freed_in_small_bytes,
    sites_of,
)
from cachekit_memprobe.comparison import Exactness
from cachekit_memprobe.metrics import MEMRAY, RETENTION, RSS, RSS_NOISE_BYTES, TRACEMALLOC, metric_of
from cachekit_memprobe.result import Result

_COUNTED = ("verbatim.", "mapped.", "peak.arrow_pool", "frame.size")
"""Each byte of them is the payload's."""

_OF_A_THREAD_BYTES = 256 << 10
"""Of pages that a thread has touched and the kernel not counted yet."""

_WHOLE_PROCESS = ("rss.total", "rss.resting", "rss.settled")
_WHOLE_PROCESS_BYTES = 4 << 20
"""By which processes of the same kind differ: pages of libraries are there if the kernel has them at hand."""

_HELD_BYTES = ARENA_BYTES + BESIDE_BYTES
_HELD_OBJECTS_BYTES = 3 * ARENA_BYTES
"""Of objects, which the pages of their arenas are held with; 2.03 MB were the most in six reads."""

_SLOPES = ("growth.per_read", "growth.anon", "growth.file", "growth.shared")
_READS_AFTER_FIRST = 4
"""As many as there usually are, whose growth is the total."""

_SAMPLED = ("rss.anon", "rss.file", "rss.shared")
"""Of samples; of the whole, the kernel itself keeps the highest mark."""

_SLOPE_BYTES = 64 << 10
"""A slope through a few reads is no more exact than this, whatever its margin says."""

_WHY_NOT_BY_SIZE = (
    "the interpreter and its libraries are part of it, and of two sizes they are two shares of the payload"
)
_WHY_TWO_ALLOCATORS = "one side is as deployed, and the allocators of the other are pinned"


@dataclass(frozen=True)
class Exact:
    """How exactly a metric can be compared.

    Attributes:
        chance_bytes: by how much it differs from one measurement to the next; between two sizes, of the
            smaller value.
        why_unclear: why nothing can be said of it; empty if something can.
    """

    exactness: Exactness
    chance_bytes: float = 0.0
    why_unclear: str = ""


def exactness_of(name: str, base: Result, new: Result, *, deployed: tuple[bool, bool]) -> Exact:
    """That of a metric of two results.

    Args:
        deployed: whether BASE, and NEW, is as deployed.
    """
    exact = _of_one_size(name, base, new, as_deployed=any(deployed))
    if exact.exactness == "ranked" and not all(deployed):
        return Exact("ranked", why_unclear=_WHY_TWO_ALLOCATORS)
    if _logical_bytes(base) == _logical_bytes(new):
        return exact
    why = _WHY_NOT_BY_SIZE if name in _WHOLE_PROCESS else ""
    if exact.exactness == "ranked":
        return Exact("ranked", ANY_READ_BYTES + RSS_NOISE_BYTES, why)
    return Exact("payloads", ANY_READ_BYTES + exact.chance_bytes, why)


def _of_one_size(name: str, base: Result, new: Result, *, as_deployed: bool) -> Exact:
    instrument = metric_of(name).instrument
    if instrument == RSS:
        is_ranked = as_deployed and name != "growth.margin"
        return Exact("ranked") if is_ranked else Exact("resident", _noise_bytes(name, base, new))
    if name.startswith(_COUNTED):
        return Exact("byte")
    if instrument == TRACEMALLOC:
        return Exact("blocks", BESIDE_BYTES)
    if instrument == RETENTION:
        return Exact("arena", _held_bytes(base, new))
    return _of_heap(name, base, new) if instrument == MEMRAY else Exact("byte")


def _of_heap(name: str, base: Result, new: Result) -> Exact:
    befores, afters = sites_of(name, base), sites_of(name, new)
    chance = chance_bytes(befores, afters)
    if name.startswith("aftermath."):  # Its lines are in no stage.
        chance = max(chance, BESIDE_BYTES)
    if are_in_pieces((*befores, *afters)):
        return Exact("arena", chance)
    return Exact("blocks", chance) if chance else Exact("byte")


def _held_bytes(base: Result, new: Result) -> float:
    """Without memray nobody knows whether the value is of objects."""
    if not all("copies.total" in one.metrics for one in (base, new)):
        return _HELD_OBJECTS_BYTES
    return max(_HELD_BYTES, arenas_bytes(*(sites_of("copies.total", one) for one in (base, new))))


def _noise_bytes(name: str, base: Result, new: Result) -> float:
    """The usual noise, or what repeated processes differed by; of a slope, its margins."""
    spreads = [one.spread.get(name, 0.0) * _logical_bytes(one) for one in (base, new)]
    if name.startswith("growth."):
        return max(_growth_noise_bytes(name, base, new), *spreads)
    noise_bytes: float = _WHOLE_PROCESS_BYTES if name in _WHOLE_PROCESS else RSS_NOISE_BYTES
    noise_bytes += _OF_A_THREAD_BYTES * (max(one.scenario.read.readers for one in (base, new)) - 1)
    if name in _SAMPLED:
        noise_bytes += max(map(_missed_bytes, (base, new)))
    if name in _WHOLE_PROCESS and _reads_objects(base, new):
        noise_bytes += (1 + _READS_AFTER_FIRST) * ARENA_BYTES
    # glibc gives freed small blocks back all together or not at all, by what lies on top of them.
    freed = [freed_in_small_bytes(sites_of("copies.total", one)) for one in (base, new)]
    return max(noise_bytes, *freed, *spreads)


def _growth_noise_bytes(name: str, base: Result, new: Result) -> float:
    margins = [one.metrics["growth.margin"] * _logical_bytes(one) for one in (base, new) if _has_margin(one)]
    # Of objects, one process keeps an arena more of each read than another: the next one finds no room in it.
    arena_bytes = ARENA_BYTES if _reads_objects(base, new) else 0
    if name in _SLOPES and len(margins) == 2:
        return max(_SLOPE_BYTES, sum(margins)) + arena_bytes
    if name == "growth.margin":
        return max(RSS_NOISE_BYTES, *margins)
    if name == "growth.total":
        return max(RSS_NOISE_BYTES, _READS_AFTER_FIRST * sum(margins)) + _READS_AFTER_FIRST * arena_bytes
    return RSS_NOISE_BYTES + arena_bytes


def _missed_bytes(result: Result) -> float:
    """By how much the samples of one process missed its peak, if both are known."""
    if not {"rss.anon", "rss.file"} <= result.metrics.keys():
        return 0.0
    parts = sum(result.metrics.get(name, 0.0) for name in _SAMPLED)
    return max(0.0, result.metrics.get("rss.peak", 0.0) - parts) * _logical_bytes(result)


def _reads_objects(base: Result, new: Result) -> bool:
    """Both sides: one arena more or less is any read's chance, and no reason to overlook a leak."""
    return all(are_of_objects(sites_of("copies.total", one)) for one in (base, new))


def _has_margin(result: Result) -> bool:
    return "growth.margin" in result.metrics


def _logical_bytes(result: Result) -> int:
    return result.payload.logical_bytes if result.payload else 0
