"""How much of what lines of code allocate differs from one read of the same thing to the next.

Large blocks don't differ: they are the payload's. What does was measured, see ``docs/comparing.md``: small
blocks, the arenas that Python keeps small objects in, and what a socket happens to receive at once.
"""

from collections.abc import Iterable, Sequence

from cachekit_memprobe.child.stages import BACKEND_GET, STAGES
from cachekit_memprobe.result import Result, SiteUsage

ARENA_BYTES = 1 << 20
"""In which pymalloc takes memory for small objects: one read needs a new one, another still has room."""

SMALL_BYTES = 128 << 10
"""A block below that is a small one. One read has some that another hasn't, such as those of a line of a log
that is written by chance, and where threads share the work, their number at any moment is chance."""

BESIDE_BYTES = 128 << 10
"""By which a block beside many arenas differed once, and by what small objects differ at the most."""

ANY_READ_BYTES = 1 << 20
"""What a read takes of any value, most of it for the key: of two sizes it is two shares of the payload."""

_MOST_ARENAS = 3
"""By which two reads differ that need many; two were the most in 28 repeated reads."""

_RECEIVED_BYTES = 2 << 20
"""By which buffers differ that grow with what comes out of a socket; 1.06 MB was the most."""

_SMALL_TOGETHER_BYTES = 1 << 20
"""By which all small blocks of a figure differ at the most; 263 KB were, of four threads that decompress."""

_MANY_BLOCKS = 50
"""From so many blocks of one line on, it takes what comes in pieces."""


def sites_of(name: str, result: Result) -> tuple[SiteUsage, ...]:
    """The lines that a metric of memray's is made of: those of its stage, or of the whole read."""
    kind, _, stage = name.rpartition(".")
    # The peak while a stage is open has memory of those before it.
    is_of_stage = stage in STAGES and kind != "peak"
    return tuple(site for one in result.stages if one.name == stage or not is_of_stage for site in one.sites)


def chance_bytes(base: Sequence[SiteUsage], new: Sequence[SiteUsage]) -> int:
    """By how much lines of both sides may differ that do the same."""
    small = max(_pieces_bytes(base), _pieces_bytes(new))
    received = any(map(_is_received_in_pieces, (*base, *new)))
    return min(small, _SMALL_TOGETHER_BYTES) + arenas_bytes(base, new) + (_RECEIVED_BYTES if received else 0)


def arenas_bytes(base: Sequence[SiteUsage], new: Sequence[SiteUsage]) -> int:
    """By how much the arenas of lines may differ that do the same."""
    arenas = max(_arenas(base), _arenas(new))
    return min(arenas, _MOST_ARENAS) * ARENA_BYTES + (BESIDE_BYTES if arenas > 1 else 0)


def wandering_bytes(base: Sequence[SiteUsage], new: Sequence[SiteUsage]) -> int:
    """What a line may have of these others of its stage, or they of it: whichever needs an arena takes it."""
    return max(_arenas(base), _arenas(new)) * ARENA_BYTES


def takes_arenas(site: SiteUsage) -> bool:
    """Whether a line takes memory that Python keeps small objects in."""
    return _arenas_of(site) > 0


def are_of_objects(sites: Sequence[SiteUsage]) -> bool:
    """Whether a read takes arenas as a matter of course, and not one by chance."""
    return _arenas(sites) > _MOST_ARENAS


def are_in_pieces(sites: Iterable[SiteUsage]) -> bool:
    """Whether lines take arenas, or what a socket receives: more than a few small blocks may differ."""
    return any(_arenas([site]) or _is_received_in_pieces(site) for site in sites)


def freed_in_small_bytes(sites: Iterable[SiteUsage]) -> int:
    """What lines take in small blocks, and give back before the read returns."""
    return sum(max(0, _small_of(site) - site.survived_bytes) for site in sites)


def _pieces_bytes(sites: Iterable[SiteUsage]) -> int:
    """All small blocks, as if none had taken another's place: that some do may be chance."""
    return sum(_small_of(site) + site.recycled_bytes for site in sites)


def _small_of(site: SiteUsage) -> int:
    """A run that was published by an older version doesn't say it: a line of small ones on the average is."""
    if site.small_bytes is not None:
        return site.small_bytes
    mean_bytes = site.copies_bytes / max(1, site.allocations)
    return site.copies_bytes if mean_bytes < SMALL_BYTES else 0


def _arenas(sites: Iterable[SiteUsage]) -> int:
    return sum(_arenas_of(site) for site in sites)


def _arenas_of(site: SiteUsage) -> int:
    """Likewise: what is not one large block may be as many arenas."""
    if site.arenas is not None:
        return site.arenas
    is_large = (
        site.allocations < _MANY_BLOCKS and not site.recycled_bytes and site.copies_bytes != ARENA_BYTES
    )
    return 0 if is_large else site.copies_bytes // ARENA_BYTES


def _is_received_in_pieces(site: SiteUsage) -> bool:
    """A buffer that grows as more comes: beside it are small blocks, each used again."""
    return site.place.stage == BACKEND_GET and site.copies_bytes >= SMALL_BYTES and site.recycled_bytes > 0
