"""What repeated reads leave behind, as a slope: a leak or a ratchet rises with every read, noise doesn't."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SET_UP_READS = 1
"""At the start: what they leave behind is set-up. Dropped if enough are left to draw a line."""
_FEWEST_FOR_ERROR = 3


@dataclass(frozen=True)
class Slope:
    """Bytes that a read adds; ``error`` is its standard error, ``None`` when the points are too few."""

    per_read: float
    error: float | None


def growth_of(reads: Sequence[Mapping[str, Any]], part: str = "settled_bytes") -> Slope | None:
    """The slope of what stayed resident over the reads of one process; ``None`` for a single read.

    Args:
        reads: of an rss observation, in order.
        part: ``settled_bytes``, or its anonymous or file-backed part.
    """
    settled = [float(read[part]) for read in reads]
    return least_squares(settled[_SET_UP_READS:] if len(settled) > _SET_UP_READS + 1 else settled)


def least_squares(values: Sequence[float]) -> Slope | None:
    """The line through values that follow each other at a distance of 1; ``None`` for less than two."""
    count = len(values)
    if count < 2:
        return None
    middle, mean = (count - 1) / 2, sum(values) / count
    spread = sum((place - middle) ** 2 for place in range(count))
    slope = sum((place - middle) * (value - mean) for place, value in enumerate(values)) / spread
    if count < _FEWEST_FOR_ERROR:
        return Slope(slope, None)
    residues = (value - mean - slope * (place - middle) for place, value in enumerate(values))
    return Slope(slope, math.sqrt(sum(residue**2 for residue in residues) / (count - 2) / spread))
