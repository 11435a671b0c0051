import math
import random

import pytest

from cachekit_memprobe.attribution.growth import Slope, growth_of, least_squares

MIB = 1 << 20


def reads_of(*settled_mib: float) -> list[dict[str, float]]:
    return [{"settled_bytes": MIB * settled, "settled_file_bytes": 0} for settled in settled_mib]


def growth(*settled_mib: float) -> Slope:
    slope = growth_of(reads_of(*settled_mib))
    assert slope is not None
    return slope


def test_a_leak_is_a_slope_without_an_error() -> None:
    assert growth(64, 128, 192, 256, 320) == Slope(64 * MIB, 0.0)


def test_what_the_first_read_sets_up_is_left_out() -> None:
    assert growth(0, 70, 70, 70) == Slope(0.0, 0.0)


@pytest.mark.parametrize(("settled", "per_read"), [((5, 7, 9.5), 2.5), ((7, 9.5), 2.5)])
def test_three_reads_and_two_give_a_slope_but_no_error(settled: tuple[float, ...], per_read: float) -> None:
    assert growth(*settled) == Slope(per_read * MIB, None)


def test_one_read_gives_nothing() -> None:
    assert growth_of(reads_of(5)) is None
    assert least_squares([]) is None


def test_a_part_has_a_slope_of_its_own() -> None:
    assert growth_of(reads_of(1, 2, 3, 4), "settled_file_bytes") == Slope(0.0, 0.0)


def test_the_figures_of_a_text_book() -> None:
    """Anscombe's first set, put in order; slope and error are in every description of it."""
    values = [4.26, 5.68, 7.24, 4.82, 6.95, 8.81, 8.04, 8.33, 10.84, 7.58, 9.96]
    slope = least_squares(values)
    assert slope is not None
    assert slope.error is not None
    assert slope.per_read == pytest.approx(0.5001, abs=1e-4)
    assert slope.error == pytest.approx(0.1179, abs=1e-4)


def test_noise_alone_is_seldom_two_errors_from_nothing() -> None:
    source = random.Random(1)
    slopes = [least_squares([source.gauss(0, 1) for _ in range(10)]) for _ in range(500)]
    beyond = [slope for slope in slopes if slope and slope.error and abs(slope.per_read) > 2 * slope.error]
    assert 0.03 < len(beyond) / len(slopes) < 0.13


def test_the_error_shrinks_with_the_reads() -> None:
    few, many = least_squares([0, 1] * 3), least_squares([0, 1] * 12)
    assert few is not None
    assert many is not None
    assert not math.isclose(few.error or 0, 0)
    assert (many.error or 0) < (few.error or 0) / 4
