from dataclasses import replace

import pytest

from cachekit_memprobe.attribution.growth import growth_of
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


@pytest.mark.parametrize(("settled", "per_read"), [((5, 7, 9.5), 2.5), ((7, 9.5), 2.5)])
def test_three_reads_and_two_give_a_slope_but_no_margin(settled: tuple[float, ...], per_read: float) -> None:
    line = growth(*settled)
    assert line.slope == pytest.approx(per_read * MIB)
    assert line.slope_margin is None


@pytest.mark.parametrize("settled", [(), (5,)])
def test_one_read_gives_nothing(settled: tuple[float, ...]) -> None:
    assert growth_of(reads_of(*settled)) is None


def test_a_part_has_a_slope_of_its_own() -> None:
    line = growth_of(reads_of(1, 2, 3, 4), lambda read: read.settled_file_bytes)
    assert line is not None
    assert line.slope == pytest.approx(0, abs=1)
