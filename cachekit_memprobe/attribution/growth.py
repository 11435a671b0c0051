"""What repeated reads leave behind, as a slope: a leak or a ratchet rises with every read, noise doesn't."""

from collections.abc import Callable, Sequence

from cachekit_memprobe.child.seen import ReadFigures
from cachekit_memprobe.fit import Fit, fit_line

Part = Callable[[ReadFigures], int]
"""What stayed resident after a read: all of it, or its anonymous or file-backed part."""

_SET_UP_READS = 1
"""At the start: what they leave behind is set-up. Dropped if enough are left to draw a line."""


def settled(read: ReadFigures) -> int:
    """All that stayed. A kept file map counts too: it costs address space and a file, if no heap."""
    return read.settled_bytes


def growth_of(reads: Sequence[ReadFigures], part: Part = settled) -> Fit | None:
    """The line through what stayed resident after each read of one process; ``None`` for a single read.

    Args:
        reads: of one process, in order.

    Returns:
        Its slope is in bytes per read.
    """
    stayed = [float(part(read)) for read in reads]
    counted = stayed[_SET_UP_READS:] if len(stayed) > _SET_UP_READS + 1 else stayed
    return fit_line(list(enumerate(counted))) if len(counted) > 1 else None
