"""The lines of code of two releases, matched by their function and their text: numbers and files change."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cachekit_memprobe.comparing.chance import ANY_READ_BYTES, chance_bytes, takes_arenas, wandering_bytes
from cachekit_memprobe.comparison import SiteChange, SiteChangeKind
from cachekit_memprobe.result import Result, SiteUsage

_NOTICEABLE = 0.005
"""Payloads, below which a report writes 0.00x: a line is none of its rows then."""

_Key = tuple[str, ...]


def site_changes(base: Result, new: Result) -> Iterator[SiteChange]:
    """What is gone, then what is new, changed and moved, each with the largest first."""
    found = [change for pair in _pairs(base, new) if (change := _change(*pair, base, new))]
    for kind in ("gone", "new", "changed", "moved"):
        yield from sorted((one for one in found if one.kind == kind), key=_largest_first)


def _largest_first(change: SiteChange) -> int:
    return -max(site.moved_bytes + site.mapped_bytes for site in (change.base, change.new) if site)


def _pairs(base: Result, new: Result) -> Iterator[tuple[SiteUsage | None, SiteUsage | None]]:
    """Lines of the same text.

    In one function and one stage; or else in another stage; or, where the function was renamed or taken
    apart, in the same stage.
    """
    befores, afters = _sites(base), _sites(new)
    uneven = _uneven(befores, afters)
    for key in (uneven, _by_all, _by_function, _by_stage):
        matched = _matched(befores, afters, key)
        yield from matched
        befores = [site for site in befores if not any(site is one for one, _ in matched)]
        afters = [site for site in afters if not any(site is one for _, one in matched)]
    yield from ((site, None) for site in befores)
    yield from ((None, site) for site in afters)


def _uneven(befores: Sequence[SiteUsage], afters: Sequence[SiteUsage]) -> Callable[[SiteUsage], _Key]:
    """A key by the place as well, where a side has more lines of one text: one at its place has stayed."""
    counts, others = Counter(map(_by_all, befores)), Counter(map(_by_all, afters))

    def key(site: SiteUsage) -> _Key:
        same = _by_all(site)
        if counts[same] == others[same]:
            return same
        return (*same, f"{site.place.file}:{site.place.line}")

    return key


def _sites(result: Result) -> list[SiteUsage]:
    """In the order of their lines, of one line the largest first."""
    sites = (site for stage in result.stages for site in stage.sites)
    return sorted(sites, key=lambda one: (one.place.file, one.place.line, -one.copies_bytes))


def _matched(
    befores: Sequence[SiteUsage], afters: Sequence[SiteUsage], key: Callable[[SiteUsage], _Key]
) -> list[tuple[SiteUsage, SiteUsage]]:
    """Of several with one key, the first with the first."""
    waiting: dict[_Key, list[SiteUsage]] = defaultdict(list)
    for site in afters:
        waiting[key(site)].append(site)
    return [(site, waiting[key(site)].pop(0)) for site in befores if waiting[key(site)]]


def _by_all(site: SiteUsage) -> _Key:
    return (site.place.stage, *_by_function(site))


def _by_function(site: SiteUsage) -> _Key:
    return site.place.function, " ".join(site.source.split())


def _by_stage(site: SiteUsage) -> _Key:
    """A line without a text is no other one's."""
    text = " ".join(site.source.split())
    return site.place.stage, text or f"{site.place.file}:{site.place.line}"


def _change(
    before: SiteUsage | None, after: SiteUsage | None, base: Result, new: Result
) -> SiteChange | None:
    told = _told_by_both(before, after, base, new)
    old, now = _sizes(before, base, told), _sizes(after, new, told)
    if max(*old, *now) < _NOTICEABLE:
        return None
    is_changed = _differ(old, now, _allowed(before, after, base, new))
    kind: SiteChangeKind
    if before is None or after is None:
        # What a line takes by chance, it may take on one side only.
        if not is_changed:
            return None
        kind = "new" if before is None else "gone"
    elif is_changed or (told.verbatim and before.kind != after.kind):
        kind = "changed"
    elif before.place != after.place:
        kind = "moved"
    else:
        return None
    return SiteChange(kind, before, after)


@dataclass(frozen=True)
class _Told:
    """Whether both sides tell what is on the heap, and what is a copy byte for byte."""

    heap: bool
    verbatim: bool


def _told_by_both(before: SiteUsage | None, after: SiteUsage | None, base: Result, new: Result) -> _Told:
    heap, verbatim = (
        all(metric in one.metrics for one in (base, new)) for metric in ("copies.total", "verbatim.total")
    )
    examined = all(site is None or site.verbatim_bytes is not None for site in (before, after))
    return _Told(heap, verbatim and examined)


def _sizes(site: SiteUsage | None, result: Result, told: _Told) -> tuple[float, float, float]:
    """What it allocated, copied byte for byte, and mapped, in payloads; 0 if it isn't told."""
    if site is None or result.payload is None:
        return (0.0, 0.0, 0.0)
    mapped_bytes = site.mapped_bytes + site.shared_bytes
    sizes = (
        site.copies_bytes * told.heap,
        (site.verbatim_bytes or 0) * told.verbatim,
        mapped_bytes * told.heap,
    )
    return (
        sizes[0] / result.payload.logical_bytes,
        sizes[1] / result.payload.logical_bytes,
        sizes[2] / result.payload.logical_bytes,
    )


def _allowed(
    before: SiteUsage | None, after: SiteUsage | None, base: Result, new: Result
) -> tuple[float, ...]:
    """By how much each of the sizes may differ by chance, in payloads: as the figures of their stages may."""
    payloads = [one.payload.logical_bytes for one in (base, new) if one.payload]
    smaller_bytes = max(1, min(payloads, default=1))
    of_any_read = ANY_READ_BYTES if len(set(payloads)) > 1 else 0
    heap = chance_bytes([site for site in (before,) if site], [site for site in (after,) if site])
    if any(site is not None and takes_arenas(site) for site in (before, after)):
        heap += wandering_bytes(_others(before, after, base), _others(before, after, new))
    return tuple((each + of_any_read) / smaller_bytes for each in (heap, 0, 0))


def _others(before: SiteUsage | None, after: SiteUsage | None, result: Result) -> list[SiteUsage]:
    """The other lines of a side in the stages of a line."""
    names = {site.place.stage for site in (before, after) if site}
    sites = [site for stage in result.stages if stage.name in names for site in stage.sites]
    return [site for site in sites if site is not before and site is not after]


def _differ(old: Sequence[float], now: Sequence[float], allowed: Sequence[float]) -> bool:
    """Whether a size differs by more than chance, and by what a report shows."""
    return any(
        abs(one - other) > max(most, _NOTICEABLE) for one, other, most in zip(old, now, allowed, strict=True)
    )
