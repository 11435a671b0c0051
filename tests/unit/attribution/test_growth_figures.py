"""Growth as metrics: of repeated processes, of parts, in payloads."""

from dataclasses import replace

import pytest

from cachekit_memprobe.attribution import figures_of
from cachekit_memprobe.child.seen import ReadFigures, RssSeen
from cachekit_memprobe.model import Measurement, Observations, Payload
from tests.golden.reports import SCENARIO

MIB = 1 << 20
PAYLOAD = Payload(64 * MIB, 64 * MIB)


def process(*anon_mib: float, file_mib: float = 0.0) -> RssSeen:
    """Settled after each read: anonymous memory as given, and a file map more with each."""
    reads: list[ReadFigures] = []
    for number, anon in enumerate(anon_mib, start=1):
        anon_bytes, file_bytes = round(anon * MIB), round(number * file_mib * MIB)
        reads.append(
            ReadFigures(
                peak_bytes=64 * MIB,
                anon_bytes=64 * MIB,
                file_bytes=0,
                samples=9,
                baseline_bytes=100 * MIB,
                settled_bytes=anon_bytes + file_bytes,
                settled_anon_bytes=anon_bytes,
                settled_file_bytes=file_bytes,
            )
        )
    return RssSeen("0.9.1", reads=tuple(reads))


def measured(*processes: RssSeen) -> Measurement:
    return Measurement(SCENARIO, PAYLOAD, Observations(rss=processes))


def growth(*processes: RssSeen) -> dict[str, float]:
    figures = figures_of(measured(*processes), (), None)
    return {name: value for name, value in figures.values.items() if name.startswith("growth.")}


def test_anonymous_and_file_backed_growth_are_told_apart() -> None:
    expected = {
        "growth.per_read": 1.25,
        "growth.anon": 0.25,
        "growth.file": 1.0,
        "growth.margin": 0.0,
        "growth.total": 3.75,
    }
    assert growth(process(0, 16, 32, 48, file_mib=64)) == pytest.approx(expected, abs=1e-6)


def test_three_reads_have_no_margin_and_one_has_no_growth() -> None:
    expected = {"growth.per_read": 0.25, "growth.anon": 0.25, "growth.file": 0.0, "growth.total": 0.5}
    assert growth(process(0, 16, 32)) == pytest.approx(expected)
    assert growth(process(0)) == {}


def test_of_repeated_processes_the_worst_counts_with_its_own_margin() -> None:
    noisy, steady = process(0, 16, 0, 16, 0), process(0, 8, 16, 24, 32)
    assert growth(noisy, steady)["growth.per_read"] == pytest.approx(0.125)
    assert growth(noisy, steady)["growth.margin"] == pytest.approx(0, abs=1e-6)
    assert growth(noisy)["growth.margin"] > 0.1


def test_a_keeper_with_a_bound_is_no_growth_and_is_told() -> None:
    figures = growth(process(64, 128, 192, 192, 192))
    assert figures["growth.per_read"] == pytest.approx(0, abs=1e-6)
    assert figures["growth.total"] == pytest.approx(2)


def test_processes_that_differ_show_in_the_spread() -> None:
    measurement = measured(process(0, 0, 0, 0), process(0, 16, 32, 48))
    assert figures_of(measurement, (), None).spread["growth.per_read"] == pytest.approx(0.25)


class TestWhatIsLeftToTheCollector:
    @staticmethod
    def figure(*left_mib: float | None) -> float | None:
        reads = [
            replace(read, dropped_bytes=None if left is None else read.settled_bytes + round(left * MIB))
            for read, left in zip(process(*[1.0] * len(left_mib)).reads, left_mib, strict=True)
        ]
        return growth(RssSeen("0.9.1", reads=tuple(reads))).get("growth.uncollected")

    def test_is_that_of_a_read_in_the_middle(self) -> None:
        # The first has set-up in it, and before the fourth the collector had run by itself.
        assert self.figure(70, 64, 64, 0, 64) == pytest.approx(64 / 64)

    def test_as_deployed_is_what_each_read_has_of_what_was_left_in_the_end(self) -> None:
        seen = replace(process(1, 1, 1, 1), uncollected_bytes=4 * 48 * MIB)
        assert growth(seen)["growth.uncollected"] == pytest.approx(48 / 64)

    def test_is_unknown_where_nothing_is_collected(self) -> None:
        assert self.figure(None, None) is None
