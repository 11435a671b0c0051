from itertools import combinations

import pytest

from cachekit_memprobe.comparing.ranks import LARGEST_P, are_enough, p_value

SAMPLES = (
    ((1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0)),
    ((1.0, 3.0, 5.0, 7.0), (2.0, 4.0, 6.0, 8.0)),
    ((1.0, 1.0, 2.0), (1.0, 2.0, 2.0, 3.0, 3.0)),
    ((5.0,), (1.0, 2.0)),
    ((7.0, 7.0, 7.0), (7.0, 7.0, 7.0)),
)


def counted_out(base: tuple[float, ...], new: tuple[float, ...]) -> float:
    """The same by going through every choice, with the wins of one sample over the other."""

    def wins(chosen: tuple[int, ...]) -> float:
        ours = [figures[index] for index in chosen]
        theirs = [figures[index] for index in range(len(figures)) if index not in chosen]
        return sum((one > other) + (one == other) / 2 for one in ours for other in theirs)

    figures = (*base, *new)
    middle = len(base) * len(new) / 2
    far = abs(wins(tuple(range(len(base)))) - middle)
    choices = [*combinations(range(len(figures)), len(base))]
    return sum(abs(wins(choice) - middle) >= far - 1e-9 for choice in choices) / len(choices)


@pytest.mark.parametrize(("base", "new"), SAMPLES)
def test_it_is_exact(base: tuple[float, ...], new: tuple[float, ...]) -> None:
    assert p_value(base, new) == pytest.approx(counted_out(base, new), abs=1e-12)


def test_of_four_that_are_all_above_four_it_is_the_two_of_seventy() -> None:
    assert p_value((1, 2, 3, 4), (5, 6, 7, 8)) == pytest.approx(2 / 70)


def test_sides_may_be_swapped() -> None:
    for base, new in SAMPLES:
        assert p_value(base, new) == p_value(new, base)


@pytest.mark.parametrize(
    ("base", "new", "enough"), [(3, 3, False), (4, 4, True), (3, 5, True), (0, 9, False)]
)
def test_fewer_could_never_find_a_difference(base: int, new: int, enough: bool) -> None:
    low, high = [float(one) for one in range(base)], [100.0 + one for one in range(new)]
    assert are_enough(low, high) == enough
    if base:
        assert (p_value(low, high) <= LARGEST_P) == enough


def test_of_many_the_first_are_looked_at_and_it_ends() -> None:
    low, high = [float(one) for one in range(1000)], [2000.0 + one for one in range(1000)]
    assert p_value(low, high) < 1e-9
