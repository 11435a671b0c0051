"""What repeated reads leave behind, as a slope: a leak or a ratchet rises with every read, noise doesn't."""

from collections.abc import Mapping, Sequence
from typing import Any

from cachekit_memprobe.line import Fit, fit_line

_SET_UP_READS = 1
"""At the start: what they leave behind is set-up. Dropped if enough are left to draw a line."""


def growth_of(reads: Sequence[Mapping[str, Any]], part: str = "settled_bytes") -> Fit | None:
    """The line through what stayed resident after each read of one process; ``None`` for a single read.

    Args:
        reads: of an rss observation, in order.
        part: ``settled_bytes``, or its anonymous or file-backed part.

    Returns:
        Its slope is in bytes per read.
    """
    settled = [float(read[part]) for read in reads]
    counted = settled[_SET_UP_READS:] if len(settled) > _SET_UP_READS + 1 else settled
    return fit_line(list(enumerate(counted))) if len(counted) > 1 else None
