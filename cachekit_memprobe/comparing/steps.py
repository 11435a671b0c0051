"""Where a metric changed along a row of results, told from chance, and the lines of code that did it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.comparing.chance import ARENA_BYTES
from cachekit_memprobe.comparing.changes import change_of
from cachekit_memprobe.comparing.sites import site_changes
from cachekit_memprobe.comparison import Change, SiteChange
from cachekit_memprobe.history import Step, StepLine
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.result import Result, SiteUsage

NO_FIGURES_OF_A_READ = ("growth.margin",)
"""How exact another figure is."""

_CLEAR = 2
"""How many times chance a drift has to exceed, of which no two points that follow each other say anything."""

_ORDER = {name: number for number, name in enumerate(NAMES)}


def steps_of(results: Sequence[Result | None], *, deployed: bool = False) -> tuple[Step, ...]:
    """The steps of all metrics, by the point to which they lead.

    Each point is compared with the one before that has the figure. What changes too slowly for that is found
    by comparing it with the first one since the last step.

    Args:
        results: of one scenario, at each point; ``None`` where it has no figures.
        deployed: whether they are as deployed.
    """
    names = dict.fromkeys(name for one in results if one for name in one.metrics)
    found = [step for name in names for step in _steps(name, results, deployed)]
    return tuple(sorted(found, key=lambda step: (step.new, _ORDER.get(step.metric, len(_ORDER)))))


def _steps(name: str, results: Sequence[Result | None], deployed: bool) -> Iterator[Step]:
    if name in NO_FIGURES_OF_A_READ:
        return
    points = [number for number, one in enumerate(results) if one is not None and name in one.metrics]
    level = points[0]
    for before, after in pairwise(points):
        step = _step(name, results, before, after, deployed)
        if step is None and level != before:
            step = _step(name, results, level, after, deployed, is_drift=True)
        if step is not None:
            level = after
            yield step


def _step(
    name: str,
    results: Sequence[Result | None],
    base: int,
    new: int,
    deployed: bool,
    *,
    is_drift: bool = False,
) -> Step | None:
    before, after = results[base], results[new]
    if before is None or after is None:
        return None
    change = change_in(name, before, after, deployed=deployed)
    if change is None or change.base is None or change.new is None:
        return None
    if is_drift and not _exceeds(change, before, after, _CLEAR * least_bytes(change)):
        return None
    return Step(
        metric=name,
        base=base,
        new=new,
        before=change.base,
        after=change.new,
        change_bytes=change.change_bytes,
        chance_bytes=least_bytes(change),
        kind="resident" if change.exactness in ("resident", "ranked") else "exact",
        is_drift=is_drift,
        lines=tuple(lines_of(name, before, after)),
    )


def change_in(name: str, before: Result, after: Result, *, deployed: bool = False) -> Change | None:
    """How a metric changed, if it did by more than chance, and by more than an arena."""
    change = change_of(name, before, after, deployed=(deployed, deployed))
    if change.answer not in ("less", "more"):
        return None
    return change if _exceeds(change, before, after, least_bytes(change)) else None


def least_bytes(change: Change) -> int:
    """What a change has to exceed to be one."""
    return max(ARENA_BYTES, change.chance_bytes)


def _exceeds(change: Change, before: Result, after: Result, least: int) -> bool:
    if change.change_bytes is not None:
        return abs(change.change_bytes) > least
    sizes = [one.payload.logical_bytes for one in (before, after) if one.payload]
    return abs(change.change or 0.0) * min(sizes, default=0) > least


def lines_of(name: str, before: Result, after: Result) -> Iterator[StepLine]:
    """The lines that have a part in a change of a metric, the largest part first."""
    kind, _, stage = name.rpartition(".")
    is_of_stage = stage in STAGES
    lines = [
        line
        for change in site_changes(before, after)
        if not is_of_stage or stage in _stages(change)
        if (line := _line(kind, stage if is_of_stage else "", change, before, after)) is not None
    ]
    return iter(sorted(lines, key=lambda line: -abs(line.change)))


def _stages(change: SiteChange) -> set[str]:
    return {site.place.stage for site in (change.base, change.new) if site}


def _line(kind: str, stage: str, change: SiteChange, before: Result, after: Result) -> StepLine | None:
    """``None`` of a line that has no part in it; one that went to another stage is gone from the first."""
    base, new = (
        site if site and stage in ("", site.place.stage) else None for site in (change.base, change.new)
    )
    old, now = _amount(kind, base), _amount(kind, new)
    difference = _in_payloads(now, after) - _in_payloads(old, before)
    if abs(difference) * _logical_bytes(after) <= ARENA_BYTES:
        return None
    present = new or base
    assert present is not None
    return StepLine(
        kind="changed" if base and new else "new" if new else "gone",
        base=base.place if base else None,
        new=new.place if new else None,
        source=present.source.strip(),
        change_bytes=now - old,
        change=difference,
    )


def _amount(kind: str, site: SiteUsage | None) -> int:
    """What of a line a metric counts; of the resident set, what is there at the peak."""
    if site is None:
        return 0
    if kind == "copies":
        return site.copies_bytes
    if kind == "moved":
        return site.moved_bytes
    if kind == "verbatim":
        return site.verbatim_bytes or 0
    if kind == "mapped":
        return site.mapped_bytes
    return site.live_bytes


def _in_payloads(size_bytes: int, result: Result) -> float:
    return size_bytes / max(1, _logical_bytes(result))


def _logical_bytes(result: Result) -> int:
    return result.payload.logical_bytes if result.payload else 0
