from dataclasses import replace

import pytest

from cachekit_memprobe.attribution.growth import growth_of, left_behind
from cachekit_memprobe.child.seen import ReadFigures
from cachekit_memprobe.fit import Fit

MIB = 1 << 20


def reads_of(*settled_mib: float) -> list[ReadFigures]:
    nothing = ReadFigures(0, 0, 0, 0, 0, 0, 0, 0)
    return [replace(nothing, settled_bytes=round(MIB * settled)) for settled in settled_mib]


def growth(*settled_mib: float) -> Fit:
    line = growth_of(reads_of(*settled_mib))
    assert line is not None
    return line


def test_a_leak_is_a_slope_without_a_margin_to_speak_of() -> None:
    line = growth(64, 128, 192, 256, 320)
    assert line.slope == pytest.approx(64 * MIB)
    assert line.slope_margin == pytest.approx(0, abs=1)


def test_what_the_first_read_sets_up_is_left_out() -> None:
    assert growth(0, 70, 70, 70).slope == pytest.approx(0, abs=1)


@pytest.mark.parametrize(
    ("settled", "per_read", "total"),
    [
        ((64, 128, 192, 192, 192), 0, 128),
        ((64, 64, 128, 128, 128), 0, 64),
        ((64, 128, 64, 128, 64, 64, 64), 0, 64),
        ((64, 128, 192, 256, 256), 44.8, 192),  # too short to tell
        ((6.4, 12.8, 19.2, 25.6, 32), 6.4, 25.6),
        ((0.5, 1, 1.5, 2, 2.5), 0.5, 2),  # as level as noise, but no less a slope
        ((64, 32, 16, 8, 4), -9.2, 0),
    ],
)
def test_what_rises_to_a_level_is_no_slope(settled: tuple[float, ...], per_read: float, total: float) -> None:
    assert growth(*settled).slope == pytest.approx(per_read * MIB, abs=1)
    assert left_behind(reads_of(*settled)) == pytest.approx(total * MIB, abs=1)


@pytest.mark.parametrize(("settled", "per_read"), [((5, 7, 9.5), 2.5), ((7, 9.5), 2.5)])
def test_three_reads_and_two_give_a_slope_but_no_margin(settled: tuple[float, ...], per_read: float) -> None:
    line = growth(*settled)
    assert line.slope == pytest.approx(per_read * MIB)
    assert line.slope_margin is None


@pytest.mark.parametrize("settled", [(), (5,)])
def test_one_read_gives_nothing(settled: tuple[float, ...]) -> None:
    assert growth_of(reads_of(*settled)) is None
    assert left_behind(reads_of(*settled)) is None


def test_a_part_has_a_slope_of_its_own() -> None:
    line = growth_of(reads_of(1, 2, 3, 4), lambda read: read.settled_file_bytes)
    assert line is not None
    assert line.slope == pytest.approx(0, abs=1)
