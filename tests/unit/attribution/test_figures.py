from dataclasses import replace
from functools import reduce

import pytest

from cachekit_memprobe.attribution import figures_of
from cachekit_memprobe.attribution.block import Block
from cachekit_memprobe.attribution.heap import heap_of
from cachekit_memprobe.child.seen import (
    Held,
    ReadFigures,
    RetentionSeen,
    RssSeen,
    Seen,
    TracemallocSeen,
)
from cachekit_memprobe.child.stages import STAGES, UNWRAP, Place
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.model import Measurement, Observations, Payload
from cachekit_memprobe.result import StageUsage
from tests.golden.reports import SCENARIO

MIB = 1 << 20
PAYLOAD = Payload(64 * MIB, 70 * MIB)


def read(peak: int, anon: int, file: int, settled: int = 0) -> ReadFigures:
    """One read of the rss process, in MiB."""
    return ReadFigures(
        peak_bytes=peak * MIB,
        anon_bytes=anon * MIB,
        file_bytes=file * MIB,
        samples=9,
        baseline_bytes=100 * MIB,
        settled_bytes=settled * MIB,
        settled_anon_bytes=settled * MIB,
        settled_file_bytes=0,
    )


def measured(*seen: Seen) -> Measurement:
    return Measurement(SCENARIO, PAYLOAD, reduce(Observations.adding, seen, Observations()))


def resident(*reads: ReadFigures) -> RssSeen:
    return RssSeen("0.9.1", reads=reads)


TRACED = TracemallocSeen(
    release="0.9.1",
    stage_calls={},
    peak_bytes=64 * MIB,
    late_peak_bytes=16 * MIB,
    arrow_pool_peak_bytes=128 * MIB,
    stage_peaks={},
)


class TestTheResidentSet:
    def test_is_in_payloads_and_the_worst_read_counts(self) -> None:
        figures = figures_of(measured(resident(read(64, 64, 0), read(96, 48, 32))), (), None)
        assert figures.values["rss.peak"] == 1.5
        assert figures.values["rss.anon"] == 1.0
        assert figures.values["rss.file"] == 0.5

    def test_has_shared_memory_by_itself_where_it_was_told_apart(self) -> None:
        apart = replace(read(64, 32, 0), shared_bytes=32 * MIB, settled_shared_bytes=16 * MIB)
        figures = figures_of(measured(resident(apart, apart)), (), None)
        shared = figures.values["rss.shared"], figures.values["growth.shared"]
        assert shared == pytest.approx((0.5, 0))
        earlier = figures_of(measured(resident(read(64, 32, 32), read(64, 32, 32))), (), None)
        assert not {"rss.shared", "growth.shared"} & earlier.values.keys()

    def test_settles_after_the_first_read(self) -> None:
        figures = figures_of(measured(resident(read(64, 64, 0, settled=16), read(64, 64, 0, 32))), (), None)
        assert figures.values["rss.settled"] == 0.25

    def test_rests_at_what_was_there_and_the_most_that_any_read_left(self) -> None:
        reads = (read(64, 64, 0, settled=16), read(64, 64, 0, 28))
        assert figures_of(measured(resident(*reads)), (), None).values["rss.resting"] == 2.0

    def test_of_repeated_processes_is_that_of_the_worst_with_the_spread(self) -> None:
        processes = (resident(read(64, 64, 0)), resident(read(80, 64, 0)), resident(read(72, 64, 0)))
        figures = figures_of(measured(*processes), (), None)
        assert figures.values["rss.peak"] == 1.25
        assert figures.spread["rss.peak"] == 0.25
        assert figures.spread["rss.anon"] == 0.0


class TestTracemalloc:
    def test_has_both_windows_and_the_pool(self) -> None:
        values = figures_of(measured(TRACED), (), None).values
        traced = {name: value for name, value in values.items() if name.startswith("peak.")}
        assert traced == {"peak.tracemalloc": 1.0, "peak.tracemalloc_late": 0.25, "peak.arrow_pool": 2.0}

    def test_that_could_not_tell_the_pool_says_nothing_of_it(self) -> None:
        values = figures_of(measured(replace(TRACED, arrow_pool_peak_bytes=None)), (), None).values
        assert "peak.arrow_pool" not in values


class TestTheHeap:
    HEAP = heap_of(
        [
            Block(Place(UNWRAP, "f", "cachekit/m.py", 1), 64 * MIB, 64 * MIB, 1),
            Block(Place("backend_map", "f", "cachekit/m.py", 2), 32 * MIB, 32 * MIB, 2, backing="file"),
        ]
    )

    def test_has_a_figure_for_every_stage_be_it_zero(self) -> None:
        unwrap = StageUsage(UNWRAP, 1, 64 * MIB, None, 32 * MIB, 0, 0, None, ())
        values = figures_of(measured(), (unwrap,), self.HEAP).values
        assert {name: value for name, value in values.items() if value and name != "frame.size"} == {
            "copies.unwrap": 1.0,
            "copies.total": 1.0,
            "live.unwrap": 0.5,
            "peak.heap": 1.0,
            "mapped.file": 0.5,
        }
        assert {f"copies.{stage}" for stage in STAGES} <= values.keys()

    def test_was_not_examined_for_copies_unless_it_was(self) -> None:
        unwrap = StageUsage(UNWRAP, 1, 64 * MIB, None, 0, 0, 0, None, ())
        values = figures_of(measured(), (unwrap,), self.HEAP).values
        assert not [name for name in values if name.startswith("verbatim.")]
        unwrap = StageUsage(UNWRAP, 1, 64 * MIB, 48 * MIB, 0, 0, 0, None, ())
        values = figures_of(measured(), (unwrap,), self.HEAP).values
        assert (values["verbatim.unwrap"], values["verbatim.decode"]) == (0.75, 0.0)
        assert values["verbatim.total"] == 0.75


@pytest.mark.parametrize("seen", [(), (TRACED,), (resident(read(1, 1, 1), read(1, 1, 1)),)])
def test_every_name_is_in_the_vocabulary(seen: tuple[Seen, ...]) -> None:
    assert figures_of(measured(*seen), (), None).values.keys() <= set(NAMES)


def test_what_was_not_measured_is_absent() -> None:
    assert figures_of(measured(), (), None).values.keys() == {"frame.size"}
    assert figures_of(Measurement(SCENARIO, None, Observations(tracemalloc=TRACED)), (), None).values == {}


def test_the_frame_has_a_figure_where_there_is_one() -> None:
    payload = Payload(64 * MIB, 70 * MIB)
    measurement = replace(measured(), payload=payload)
    assert figures_of(measurement, (), None).values == {"frame.size": 70 / 64}
    by_reference = replace(measurement, payload=replace(payload, frame_bytes=0))
    assert figures_of(by_reference, (), None).values == {}


def test_shared_memory_that_is_held_counts_and_has_a_figure() -> None:
    nothing = Held(anon_bytes=0, pool_bytes=0, mapped_bytes=0, open_files=0, shared_bytes=0)
    shared = replace(nothing, anon_bytes=16 * MIB, shared_bytes=32 * MIB)
    seen = RetentionSeen("0.9.1", result=shared, handed=(), after=replace(shared, anon_bytes=0), part=nothing)
    values = figures_of(measured(seen), (), None).values
    assert (values["held.result"], values["held.shared"], values["held.heap"]) == (0.75, 0.5, 0.25)
    assert (values["held.after"], values["held.slice"]) == (0.5, 0)
    unknown = replace(seen, result=replace(shared, shared_bytes=None))
    assert "held.shared" not in figures_of(measured(unknown), (), None).values
