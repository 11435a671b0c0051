"""What repeated reads leave behind, as a slope: a leak or a ratchet rises with every read, noise doesn't."""

from collections.abc import Callable, Sequence

from cachekit_memprobe.child.seen import ReadFigures
from cachekit_memprobe.fit import Fit, fit_line
from cachekit_memprobe.metrics import RSS_NOISE_BYTES

Part = Callable[[ReadFigures], int]
"""What stayed resident after a read: all of it, or its anonymous or file-backed part."""

_SET_UP_READS = 1
"""At the start: what they leave behind is set-up. Dropped if enough are left to draw a line."""


def settled(read: ReadFigures) -> int:
    """All that stayed. A kept file map counts too: it costs address space and a file, if no heap."""
    return read.settled_bytes


_LEVEL = 3
"""So many reads in a row that leave nothing more behind say that what rose before has an end."""


def left_behind(reads: Sequence[ReadFigures], part: Part = settled) -> float | None:
    """What stayed at most, over what the first read of a process left behind; ``None`` for a single read."""
    stayed = [part(read) for read in reads]
    return float(max(stayed) - stayed[0]) if len(stayed) > 1 else None


def growth_of(reads: Sequence[ReadFigures], part: Part = settled) -> Fit | None:
    """The line through what stayed resident after each read of one process; ``None`` for a single read.

    Args:
        reads: of one process, in order.

    Returns:
        Its slope is in bytes per read. 1, 2, 3, 3, 3 payloads are a cache of three, and no slope: what rose
        to a level is told by :func:`left_behind`.
    """
    stayed = [float(part(read)) for read in reads]
    counted = stayed[_SET_UP_READS:] if len(stayed) > _SET_UP_READS + 1 else stayed
    last = stayed[-_LEVEL:]
    if len(counted) > _LEVEL and max(last) - min(last) <= RSS_NOISE_BYTES:
        counted = last if max(stayed) - stayed[0] > RSS_NOISE_BYTES else counted
    return fit_line(list(enumerate(counted))) if len(counted) > 1 else None
