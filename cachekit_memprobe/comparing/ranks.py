"""The exact rank test of two samples: how probable it is that chance alone parts them as far.

It is Mann and Whitney's, by the distribution of the rank sum over every way to choose one sample of both, so
that ties and small samples need no approximation.
"""

from collections import Counter
from collections.abc import Sequence
from math import comb

LARGEST_P = 0.05
"""Up to which a difference is taken for one."""

_MOST = 20
"""Figures of a sample that are looked at: of more the test would take long, and find what nobody needs."""


def are_enough(base: Sequence[float], new: Sequence[float]) -> bool:
    """Whether the test could find a difference at all, if every figure of one were above all of the other."""
    sizes = min(len(base), _MOST), min(len(new), _MOST)
    return min(sizes) > 0 and 2 / comb(sum(sizes), sizes[0]) <= LARGEST_P


def p_value(base: Sequence[float], new: Sequence[float]) -> float:
    """Two-sided; of two samples that aren't empty."""
    base, new = base[:_MOST], new[:_MOST]
    ranks = _doubled_ranks([*base, *new])
    ways = _ways(ranks, len(base))
    middle = len(base) * sum(ranks)
    # Times the number of figures, so that all stays whole.
    far = abs(sum(ranks[: len(base)]) * len(ranks) - middle)
    as_far = sum(count for total, count in ways.items() if abs(total * len(ranks) - middle) >= far)
    return as_far / comb(len(ranks), len(base))


def _doubled_ranks(figures: Sequence[float]) -> list[int]:
    """Twice the rank of each, so that figures that are equal share the middle of theirs."""
    below = {figure: sum(other < figure for other in figures) for figure in set(figures)}
    counts = Counter(figures)
    return [2 * below[figure] + counts[figure] + 1 for figure in figures]


def _ways(ranks: Sequence[int], size: int) -> Counter[int]:
    """In how many ways so many of the ranks come to each sum."""
    by_size: list[Counter[int]] = [Counter({0: 1}), *(Counter() for _ in range(size))]
    for rank in ranks:
        for chosen in range(size, 0, -1):
            for total, count in by_size[chosen - 1].items():
                by_size[chosen][total + rank] += count
    return by_size[size]
