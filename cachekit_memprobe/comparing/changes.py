"""Each metric of a scenario on both sides, compared as exactly as it was measured."""

from dataclasses import dataclass, replace

from cachekit_memprobe.comparing.exactness import Exact, exactness_of
from cachekit_memprobe.comparing.ranks import LARGEST_P, are_enough, p_value
from cachekit_memprobe.comparing.turns import WHY_TURNS, Range, range_of, takes_turns
from cachekit_memprobe.comparison import Answer, Change
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.result import Result

_WHY_REPEATS = "as deployed, single processes say nothing; measure both sides with --repeat 4 or more"
_WHY_NOT_EACH = "as deployed, processes are compared one by one, and it isn't known of each"
_WHY_RANKS = "the worst of the processes and all of them together point in opposite directions"


@dataclass(frozen=True)
class _Said:
    """What a difference comes to, and why if that isn't plain."""

    answer: Answer
    reason: str = ""
    p_value: float | None = None
    range: Range | None = None


def changes_of(base: Result, new: Result, *, deployed: tuple[bool, bool]) -> tuple[Change, ...]:
    """One for each metric that a side has, in the order of the vocabulary.

    Args:
        deployed: whether BASE, and NEW, is as deployed.
    """
    return tuple(
        change_of(name, base, new, deployed=deployed)
        for name in NAMES
        if name in base.metrics or name in new.metrics
    )


def change_of(name: str, base: Result, new: Result, *, deployed: tuple[bool, bool]) -> Change:
    """That of one metric, which a side has."""
    exact = exactness_of(name, base, new, deployed=deployed)
    before, after = base.metrics.get(name), new.metrics.get(name)
    change = Change(name, before, after, None, "unmeasured", exact.exactness)
    if before is None or after is None or base.payload is None or new.payload is None:
        side = "NEW" if before is not None else "BASE"
        return replace(change, reason=f"not measured in {side}")
    sizes = base.payload.logical_bytes, new.payload.logical_bytes
    is_of_one_size = sizes[0] == sizes[1]
    change_bytes = (
        round(after * sizes[1]) - round(before * sizes[0])
        if is_of_one_size
        else (after - before) * min(sizes)
    )
    said = _said(name, change_bytes, exact, base, new)
    return replace(
        change,
        change_bytes=round(change_bytes) if is_of_one_size else None,
        answer=said.answer,
        chance_bytes=round(exact.chance_bytes),
        p_value=said.p_value,
        reason=said.reason,
        least_bytes=round(said.range.least_bytes) if said.range else None,
        most_bytes=round(said.range.most_bytes) if said.range else None,
    )


def _said(name: str, change_bytes: float, exact: Exact, base: Result, new: Result) -> _Said:
    if exact.why_unclear:
        return _Said("unclear", exact.why_unclear)
    if exact.exactness == "ranked":
        return _ranked(name, change_bytes, exact, base, new)
    if change_bytes == 0:
        return _Said("equal")
    if abs(change_bytes) <= exact.chance_bytes:
        return _Said("within")
    if takes_turns(name, base, new):
        return _whatever_turns(name, exact, base, new)
    return _Said("more" if change_bytes > 0 else "less")


def _whatever_turns(name: str, exact: Exact, base: Result, new: Result) -> _Said:
    found = range_of(name, base, new) if exact.exactness != "payloads" else None
    if found and found.least_bytes > exact.chance_bytes:
        return _Said("more", range=found)
    if found and found.most_bytes < -exact.chance_bytes:
        return _Said("less", range=found)
    return _Said("unclear", WHY_TURNS, range=found)


def _ranked(name: str, change_bytes: float, exact: Exact, base: Result, new: Result) -> _Said:
    befores, afters = base.repeats.get(name, ()), new.repeats.get(name, ())
    if not befores or not afters:
        return _Said("unclear", _WHY_NOT_EACH)
    if not are_enough(befores, afters):
        return _Said("unclear", _WHY_REPEATS)
    if change_bytes == 0 and len({*befores, *afters}) == 1:
        return _Said("equal")
    p = p_value(befores, afters)
    if p > LARGEST_P or abs(change_bytes) < exact.chance_bytes:
        return _Said("within", p_value=p)
    is_more = sum(after > before for after in afters for before in befores) * 2 > len(befores) * len(afters)
    if is_more != (change_bytes > 0):
        return _Said("unclear", _WHY_RANKS, p)
    return _Said("more" if is_more else "less", p_value=p)
