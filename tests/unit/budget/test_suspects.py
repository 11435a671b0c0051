from collections.abc import Sequence
from dataclasses import replace

import pytest

from cachekit_memprobe.budget.suspects import suspects_among
from cachekit_memprobe.child.seen import Cycle, Kept
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.result import SiteKind, SiteUsage, StageUsage
from tests.golden.reports import MAP_SITE, place, site, size, stage


def line(where: str, copies: float, kind: SiteKind, *, live: float = 0.0, survived: float = 0.0) -> SiteUsage:
    return replace(site(f"cachekit/{where}", copies, kind, survived=survived), live_bytes=size(live))


def at(stage_name: str, where: str, function: str = "f") -> Place:
    return place(stage_name, f"cachekit/{where}", function)


def suspect_of(
    metric: str,
    stages: Sequence[StageUsage],
    kept: Sequence[Kept] = (),
    cycles: Sequence[Cycle] = (),
    maps_bytes: float = 0.0,
) -> Place | None:
    """The first one."""
    suspects = suspects_among(metric, stages, kept, cycles, maps_bytes)
    return suspects[0].place if suspects else None


UNWRAP = stage("unwrap", line("wrapper.py:126", 1.0, "verbatim", live=1.0))
FILE = stage(
    "backend_get",
    line("file.py:134", 1.0, "received"),
    line("file.py:167", 0.98, "verbatim", live=0.98, survived=0.98),
)
MATERIALIZE = stage("materialize", line("arrow.py:306", 1.02, "transformed", live=1.02, survived=1.02))
STATS = stage("stats", line("deco.py:732", 2.87, "unproven", live=2.87))
DECODE = stage("decode", line("arrow.py:300", 0.2, "verbatim", live=0.2))
MAP = stage("backend_map", MAP_SITE)
KEPT = Kept("cachekit.x._K", size(1.0), at("unwrap", "x.py:7"))


@pytest.mark.parametrize(
    ("metric", "stages", "suspect"),
    [
        ("copies.unwrap", (UNWRAP, STATS), at("unwrap", "wrapper.py:126")),
        ("live.stats", (UNWRAP, STATS), at("stats", "deco.py:732")),
        ("copies.backend_get", (FILE, MATERIALIZE), at("backend_get", "file.py:134")),
        ("live.backend_get", (FILE, MATERIALIZE), at("backend_get", "file.py:167")),
    ],
)
def test_a_stage_of_its_own_is_told_by_its_largest_line(
    metric: str, stages: tuple[StageUsage, ...], suspect: Place
) -> None:
    assert suspect_of(metric, stages) == suspect


class TestAFigureOfTheWholeRead:
    @pytest.mark.parametrize("metric", ["copies.total", "peak.heap", "rss.peak"])
    def test_is_told_by_a_byte_for_byte_copy_before_a_larger_transformation(self, metric: str) -> None:
        assert suspect_of(metric, (FILE, MATERIALIZE)) == at("backend_get", "file.py:167")

    def test_is_told_by_a_stage_that_needs_no_memory_before_any_other(self) -> None:
        assert suspect_of("copies.total", (FILE, MATERIALIZE, STATS)) == at("stats", "deco.py:732")

    def test_is_not_told_by_what_is_small(self) -> None:
        assert suspect_of("copies.total", (DECODE, MATERIALIZE)) == at("materialize", "arrow.py:306")

    @pytest.mark.parametrize("kind", ["received", "unproven"])
    def test_is_told_by_the_larger_line_where_nothing_is_proven_of_the_smaller(self, kind: SiteKind) -> None:
        smaller = stage("backend_get", line("file.py:104", 1.0, kind))
        larger = stage("materialize", line("arrow.py:496", 3.0, "transformed"))
        assert suspect_of("copies.total", (smaller, larger)) == at("materialize", "arrow.py:496")

    def test_is_told_by_what_is_proven_in_part_before_what_came_from_the_backend(self) -> None:
        received = stage("backend_get", line("file.py:104", 1.1, "received"))
        mixed = stage("decrypt", line("encryption.py:9", 1.0, "mixed"))
        assert suspect_of("copies.total", (received, mixed)) == at("decrypt", "encryption.py:9")

    def test_that_is_a_peak_is_not_told_by_what_was_gone_then(self) -> None:
        gone = stage("unwrap", line("wrapper.py:126", 1.0, "verbatim", live=0.0))
        assert suspect_of("peak.heap", (gone, MATERIALIZE)) == at("materialize", "arrow.py:306")


class TestTheNextOne:
    def test_is_the_largest_of_the_others_with_its_figure(self) -> None:
        suspects = suspects_among("copies.total", (FILE, MATERIALIZE, STATS))
        assert [(one.place.line, one.size_bytes) for one in suspects] == [
            (732, size(2.87)),
            (306, size(1.02)),
        ]

    def test_is_of_the_same_stage_if_the_metric_is(self) -> None:
        suspects = suspects_among("copies.backend_get", (FILE, MATERIALIZE))
        assert [one.place.line for one in suspects] == [134, 167]

    def test_is_left_out_if_it_is_small(self) -> None:
        assert len(suspects_among("copies.total", (DECODE, MATERIALIZE))) == 1


def test_what_the_value_holds_is_told_by_what_outlived_the_read() -> None:
    assert suspect_of("held.result", (UNWRAP, FILE)) == at("backend_get", "file.py:167")


def test_a_file_map_is_told_by_its_line() -> None:
    mapping = at("backend_map", "backends/file/backend.py:420", "FileBackend.get_buffer")
    assert suspect_of("mapped.file", (UNWRAP, MAP)) == mapping


class TestAPeakOfTheResidentSet:
    WHERE = at("backend_map", "backends/file/backend.py:420", "FileBackend.get_buffer")
    SHARED = replace(MAP_SITE, kind="shared", mapped_bytes=0, shared_bytes=size(1.5))

    def test_may_be_a_map(self) -> None:
        mapped_twice = stage("backend_map", replace(MAP_SITE, mapped_bytes=size(3.0)))
        assert suspect_of("rss.peak", (MATERIALIZE, mapped_twice)) == self.WHERE
        assert suspect_of("rss.file", (UNWRAP, MAP)) == self.WHERE

    def test_is_told_by_a_copy_before_the_map_that_the_read_needs(self) -> None:
        assert suspect_of("rss.peak", (MAP, UNWRAP)) == at("unwrap", "wrapper.py:126")

    @pytest.mark.parametrize("metric", ["rss.peak", "rss.shared", "mapped.shared"])
    def test_is_told_by_shared_memory_before_what_makes_the_value(self, metric: str) -> None:
        shared = stage("backend_map", self.SHARED)
        assert suspect_of(metric, (MATERIALIZE, shared)) == self.WHERE

    def test_is_told_by_no_line_if_most_is_a_map_of_none(self) -> None:
        assert suspect_of("rss.peak", (UNWRAP, MATERIALIZE), maps_bytes=size(2.0)) is None
        assert suspect_of("rss.anon", (UNWRAP,), maps_bytes=size(2.0)) == at("unwrap", "wrapper.py:126")


class TestWhatStaysBehind:
    @pytest.mark.parametrize("metric", ["growth.per_read", "growth.anon", "rss.settled", "held.after"])
    def test_is_told_by_who_keeps_it(self, metric: str) -> None:
        unused = Kept("cachekit.y._K", size(1.0))
        assert suspect_of(metric, (UNWRAP,), [unused, KEPT]) == at("unwrap", "x.py:7")

    def test_is_not_told_by_what_was_copied(self) -> None:
        assert suspect_of("growth.per_read", (UNWRAP,)) is None

    def test_until_the_collector_runs_is_told_by_the_cycle(self) -> None:
        made, through = at("backend_get", "file.py:134"), at("unwrap", "wrapper.py:140")
        nameless, named = Cycle(("list",), 0), Cycle(("frame",), size(1.0), made)
        assert suspect_of("growth.uncollected", (UNWRAP,), [KEPT], [nameless, named]) == made
        assert suspect_of("growth.uncollected", (), [], [replace(named, through=through)]) == through
        assert suspect_of("growth.uncollected", (UNWRAP,), [KEPT]) is None


@pytest.mark.parametrize(
    "metric", ["copies.total", "copies.unwrap", "peak.heap", "held.result", "mapped.file"]
)
def test_without_any_line_there_is_nothing_to_say(metric: str) -> None:
    assert suspect_of(metric, (stage("unwrap"),)) is None


def test_native_code_is_told_by_its_stage() -> None:
    site_without_file = replace(line("x.py:1", 1.0, "transformed"), place=Place("", "LZ4F_decompress"))
    native = stage("decompress", site_without_file)
    assert suspect_of("copies.decompress", (native,)) == Place("decompress", "LZ4F_decompress")
