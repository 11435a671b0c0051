"""Which line to look at first when a limit is exceeded."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from cachekit_memprobe.child.seen import Cycle, Kept
from cachekit_memprobe.child.stages import Place, stage_of
from cachekit_memprobe.result import SiteUsage, StageUsage, Suspect

_AVOIDABLE = {
    "verbatim": 3,
    "mixed": 2,
    "unproven": 1,
    "received": 1,
    "transformed": 0,
    "mapped": 0,
    "shared": 1,
}
_PROVEN = 2
_NEVER_NEEDED = 4
_LARGE = 0.25
_PEAKS = ("rss.peak", "rss.total")
_LARGE_UNPROVEN = 0.5
"""Of the largest line: what nothing is proven of doesn't come before what takes more than twice as much."""


def suspects_among(
    metric: str,
    stages: Sequence[StageUsage],
    kept: Sequence[Kept] = (),
    cycles: Sequence[Cycle] = (),
    maps_bytes: float = 0.0,
) -> tuple[Suspect, ...]:
    """A stage, and the line in it if it is of one, and the next one; none when nothing stands out.

    For a metric of one stage it is that stage's largest line. For a figure of the whole read it is,
    among the large lines, the one most likely avoidable: those of stages that need no memory first, then
    byte-for-byte copies, then transformations. What is large, a peak tells by what was live at it, the
    sum of copies by what was copied, and what the value holds by what outlived the read; a line has to be
    larger if nothing is proven of it. The next one is the largest of the others. What stays behind is told
    by who was found to keep it, and what is left to the garbage collector by the cycle that leads to it.

    Args:
        maps_bytes: resident of maps that no line is known of; where that is more than any line has, a line
            of the heap explains nothing of a peak of the resident set.
    """
    kind, _, stage_name = metric.partition(".")
    if metric == "growth.uncollected":
        return _first(cycle.through or cycle.place for cycle in cycles)
    if kind == "growth" or metric in ("rss.settled", "held.after"):
        return _first(entry.place for entry in kept)
    size = _SIZES.get(metric) or _SIZES.get(kind, _copies_bytes)
    own = [stage for stage in stages if stage.name == stage_name]
    sites = [(stage, site) for stage in own or stages for site in stage.sites if size(site)]
    if not sites:
        return ()
    largest_bytes = max(size(site) for _, site in sites)
    if metric.startswith(_PEAKS) and maps_bytes > largest_bytes:
        return ()
    large = [pair for pair in sites if size(pair[1]) >= _least_share(*pair) * largest_bytes]
    candidates = sites if own else large
    _, first = max(candidates, key=lambda pair: (0 if own else _avoidable(*pair), size(pair[1])))
    others = [site for _, site in sites if site is not first and size(site) >= _LARGE * largest_bytes]
    next_one = sorted(others, key=size, reverse=True)[:1]
    return tuple(Suspect(site.place, size(site)) for site in (first, *next_one))


def _first(places: Iterable[Place | None]) -> tuple[Suspect, ...]:
    found = next((place for place in places if place is not None), None)
    return () if found is None else (Suspect(found),)


def _avoidable(stage: StageUsage, site: SiteUsage) -> int:
    is_map = site.kind in ("mapped", "shared")
    return _NEVER_NEEDED if stage_of(stage.name).light and not is_map else _AVOIDABLE[site.kind]


def _least_share(stage: StageUsage, site: SiteUsage) -> float:
    return _LARGE if _avoidable(stage, site) >= _PROVEN else _LARGE_UNPROVEN


def _live_bytes(site: SiteUsage) -> int:
    return site.live_bytes


def _survived_bytes(site: SiteUsage) -> int:
    return site.survived_bytes


def _mapped_bytes(site: SiteUsage) -> int:
    return site.mapped_bytes


def _verbatim_bytes(site: SiteUsage) -> int:
    return site.verbatim_bytes or 0


def _moved_bytes(site: SiteUsage) -> int:
    return site.moved_bytes


def _shared_bytes(site: SiteUsage) -> int:
    return site.shared_bytes


def _resident_bytes(site: SiteUsage) -> int:
    """Heap and maps; what the line made of shared memory is part of its heap."""
    return site.live_bytes + site.mapped_bytes + max(0, site.shared_bytes - site.copies_bytes)


def _copies_bytes(site: SiteUsage) -> int:
    return site.copies_bytes


_SIZES: Mapping[str, Callable[[SiteUsage], int]] = {
    "peak": _live_bytes,
    "rss": _resident_bytes,
    "rss.anon": _live_bytes,
    "rss.file": _mapped_bytes,
    "rss.shared": _shared_bytes,
    "live": _live_bytes,
    "held": _survived_bytes,
    "mapped": _mapped_bytes,
    "verbatim": _verbatim_bytes,
    "moved": _moved_bytes,
    "mapped.shared": _shared_bytes,
}
"""What makes a line large, by the metric's name or the first part of it; what it copied otherwise."""
