"""Each metric of a scenario on both sides, compared as exactly as it was measured."""

from dataclasses import dataclass

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.comparing.ranks import LARGEST_P, are_enough, p_value
from cachekit_memprobe.comparison import Answer, Change, Exactness
from cachekit_memprobe.metrics import MEMRAY, NAMES, RETENTION, RSS, RSS_NOISE_BYTES, TRACEMALLOC, metric_of
from cachekit_memprobe.result import Result, SiteUsage

ARENA_BYTES = 1 << 20
"""In which pymalloc takes memory for small objects: one read needs a new one, another still has room."""

_BESIDE_BYTES = 64 << 10
"""Of small blocks around it, which are there at the peak in one read and gone in another."""

_MANY_BLOCKS = 50
"""From so many blocks of one line on, they are small pieces, some more or some less in each read."""

_ALWAYS_EXACT = ("verbatim.", "mapped.", "peak.arrow_pool")
_BY_OBJECTS = (TRACEMALLOC, RETENTION)
"""Instruments that see every small object, or the pages of all of them."""

_TAKING_TURNS = ("live.", "peak.", "aftermath.peak")
_WHY_TURNS = "several readers take turns differently each time, and with them the peak"
_WHY_REPEATS = "as deployed, single processes say nothing; measure both sides with --repeat 4 or more"
_WHY_NOT_EACH = "as deployed, processes are compared one by one, and it isn't known of each"
_WHY_RANKS = "the worst of the processes and all of them together point in opposite directions"


@dataclass(frozen=True)
class _Exact:
    """How exactly a metric of two results can be compared."""

    exactness: Exactness
    chance_bytes: float = 0.0


def changes_of(base: Result, new: Result, *, as_deployed: bool) -> tuple[Change, ...]:
    """One for each metric that a side has, in the order of the vocabulary."""
    return tuple(
        _change(name, base, new, as_deployed) for name in NAMES if name in base.metrics or name in new.metrics
    )


def _change(name: str, base: Result, new: Result, as_deployed: bool) -> Change:
    exact = _exactness(name, base, new, as_deployed)
    before, after = base.metrics.get(name), new.metrics.get(name)
    if before is None or after is None or base.payload is None or new.payload is None:
        side = "NEW" if before is not None else "BASE"
        return Change(
            name, before, after, None, "unmeasured", exact.exactness, reason=f"not measured in {side}"
        )
    if base.payload.logical_bytes != new.payload.logical_bytes:
        smaller_bytes = min(base.payload.logical_bytes, new.payload.logical_bytes)
        change_bytes, shown_bytes = (after - before) * smaller_bytes, None
    else:
        size_bytes = base.payload.logical_bytes
        change_bytes = shown_bytes = round(after * size_bytes) - round(before * size_bytes)
    answer, reason, p = _answer(name, change_bytes, exact, base, new)
    return Change(
        name, before, after, shown_bytes, answer, exact.exactness, round(exact.chance_bytes), p, reason
    )


def _answer(
    name: str, change_bytes: float, exact: _Exact, base: Result, new: Result
) -> tuple[Answer, str, float | None]:
    if change_bytes == 0 and exact.exactness != "ranked":
        return "equal", "", None
    direction: Answer = "more" if change_bytes > 0 else "less"
    if exact.exactness == "ranked":
        return _ranked(name, change_bytes, base, new)
    if abs(change_bytes) <= exact.chance_bytes:
        return "within", "", None
    if new.scenario.read.readers > 1 and name.startswith(_TAKING_TURNS):
        return "unclear", _WHY_TURNS, None
    return direction, "", None


def _ranked(name: str, change_bytes: float, base: Result, new: Result) -> tuple[Answer, str, float | None]:
    befores, afters = base.repeats.get(name, ()), new.repeats.get(name, ())
    if not befores or not afters:
        return "unclear", _WHY_NOT_EACH, None
    if not are_enough(befores, afters):
        return "unclear", _WHY_REPEATS, None
    p = p_value(befores, afters)
    if p > LARGEST_P:
        return "within", "", p
    is_more = sum(after > before for after in afters for before in befores) * 2 > len(befores) * len(afters)
    if is_more != (change_bytes > 0):
        return "unclear", _WHY_RANKS, p
    return "more" if is_more else "less", "", p


def _exactness(name: str, base: Result, new: Result, as_deployed: bool) -> _Exact:
    if base.payload and new.payload and base.payload.logical_bytes != new.payload.logical_bytes:
        return _Exact("payloads", ARENA_BYTES + _BESIDE_BYTES)
    instrument = metric_of(name).instrument
    if instrument == RSS:
        return _Exact("ranked") if as_deployed else _Exact("resident", _noise_bytes(name, base, new))
    if name.startswith(_ALWAYS_EXACT):
        return _Exact("byte")
    in_pieces = instrument == MEMRAY and any(_in_small_pieces(name, one) for one in (base, new))
    return (
        _Exact("arena", ARENA_BYTES + _BESIDE_BYTES)
        if in_pieces or instrument in _BY_OBJECTS
        else _Exact("byte")
    )


def _noise_bytes(name: str, base: Result, new: Result) -> float:
    """The usual noise, or what repeated processes differed by; a slope says itself how exact it is."""
    spreads = [one.spread.get(name, 0.0) * one.payload.logical_bytes for one in (base, new) if one.payload]
    noise_bytes: float = RSS_NOISE_BYTES
    if name.startswith("growth.") and name != "growth.margin":
        margins = [
            one.metrics["growth.margin"] * one.payload.logical_bytes
            for one in (base, new)
            if one.payload and "growth.margin" in one.metrics
        ]
        if len(margins) == 2 and name != "growth.total":
            noise_bytes = min(noise_bytes, sum(margins))
    return max(noise_bytes, *spreads)


def _in_small_pieces(name: str, result: Result) -> bool:
    """Whether a figure of memray's heap is, in part, of so small pieces that their number is by chance."""
    kind, _, stage = name.rpartition(".")
    # The peak while a stage is open has memory of those before it.
    is_of_stage = stage in STAGES and kind != "peak"
    sites = (site for one in result.stages if one.name == stage or not is_of_stage for site in one.sites)
    return any(map(_is_in_pieces, sites))


def _is_in_pieces(site: SiteUsage) -> bool:
    return site.recycled_bytes > 0 or site.allocations >= _MANY_BLOCKS
