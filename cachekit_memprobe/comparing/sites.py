"""The lines of code of two releases, matched by their function and their text: numbers and files change."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from cachekit_memprobe.comparison import SiteChange, SiteChangeKind
from cachekit_memprobe.result import Result, SiteUsage

_NOTICEABLE = 0.005
"""Payloads, below which a report writes 0.00x: a line is none of its rows then."""

_Key = tuple[str, str]


def site_changes(base: Result, new: Result) -> Iterator[SiteChange]:
    """What is gone, then what is new, changed and moved, each with the largest first."""
    found = [change for pair in _pairs(base, new) if (change := _change(*pair, base, new))]
    for kind in ("gone", "new", "changed", "moved"):
        yield from sorted((one for one in found if one.kind == kind), key=_largest_first)


def _largest_first(change: SiteChange) -> int:
    return -max(site.moved_bytes + site.mapped_bytes for site in (change.base, change.new) if site)


def _pairs(base: Result, new: Result) -> Iterator[tuple[SiteUsage | None, SiteUsage | None]]:
    """Lines of the same text, in one function or, where that was renamed or taken apart, in one stage."""
    befores, afters = _sites(base), _sites(new)
    for key in (_by_function, _by_stage):
        matched = _matched(befores, afters, key)
        yield from matched
        befores = [site for site in befores if not any(site is one for one, _ in matched)]
        afters = [site for site in afters if not any(site is one for _, one in matched)]
    yield from ((site, None) for site in befores)
    yield from ((None, site) for site in afters)


def _sites(result: Result) -> list[SiteUsage]:
    """In the order of their lines."""
    sites = (site for stage in result.stages for site in stage.sites)
    return sorted(sites, key=lambda one: (one.place.file, one.place.line))


def _matched(
    befores: Sequence[SiteUsage], afters: Sequence[SiteUsage], key: Callable[[SiteUsage], _Key]
) -> list[tuple[SiteUsage, SiteUsage]]:
    """Of several with one key, the first with the first."""
    waiting: dict[_Key, list[SiteUsage]] = defaultdict(list)
    for site in afters:
        waiting[key(site)].append(site)
    return [(site, waiting[key(site)].pop(0)) for site in befores if waiting[key(site)]]


def _by_function(site: SiteUsage) -> _Key:
    return site.place.function, " ".join(site.source.split())


def _by_stage(site: SiteUsage) -> _Key:
    """A line without a text is no other one's."""
    text = " ".join(site.source.split())
    return site.place.stage, text or f"{site.place.file}:{site.place.line}"


def _change(
    before: SiteUsage | None, after: SiteUsage | None, base: Result, new: Result
) -> SiteChange | None:
    what = _told_by_both(before, after, base, new)
    old, now = _sizes(before, base, what), _sizes(after, new, what)
    if max(*old, *now) < _NOTICEABLE:
        return None
    kind: SiteChangeKind
    if before is None:
        kind = "new"
    elif after is None:
        kind = "gone"
    elif any(abs(one - other) >= _NOTICEABLE for one, other in zip(old, now, strict=True)):
        kind = "changed"
    elif before.place != after.place:
        kind = "moved"
    else:
        return None
    return SiteChange(kind, before, after)


def _told_by_both(
    before: SiteUsage | None, after: SiteUsage | None, base: Result, new: Result
) -> tuple[bool, bool]:
    """Whether both sides tell what is on the heap, and what is a copy byte for byte."""
    heap, verbatim = (
        all(metric in one.metrics for one in (base, new)) for metric in ("copies.total", "verbatim.total")
    )
    return heap, verbatim and all(site is None or site.verbatim_bytes is not None for site in (before, after))


def _sizes(site: SiteUsage | None, result: Result, told: tuple[bool, bool]) -> tuple[float, float, float]:
    """What it allocated, copied byte for byte, and mapped, in payloads; 0 if it isn't told."""
    if site is None or result.payload is None:
        return (0.0, 0.0, 0.0)
    heap, verbatim = told
    mapped_bytes = site.mapped_bytes + site.shared_bytes
    sizes = (site.copies_bytes * heap, (site.verbatim_bytes or 0) * verbatim, mapped_bytes * heap)
    return (
        sizes[0] / result.payload.logical_bytes,
        sizes[1] / result.payload.logical_bytes,
        sizes[2] / result.payload.logical_bytes,
    )
