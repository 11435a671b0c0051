"""Heap, aliasing and tracemalloc joined to one row a stage and one a line."""

from dataclasses import replace

import pytest

from cachekit_memprobe.attribution import ReadUse, block, figures_of, stages_of, use_of
from cachekit_memprobe.child.seen import AliasingSeen, Block, BlockKind, RssSeen, TracemallocSeen
from cachekit_memprobe.child.stages import (
    BACKEND_GET,
    BACKEND_MAP,
    DECODE,
    MATERIALIZE,
    OTHER,
    UNWRAP,
    Place,
)
from cachekit_memprobe.model import Measurement, Observations, Payload
from cachekit_memprobe.result import SiteUsage, StageUsage
from tests.golden.reports import SCENARIO
from tests.unit.attribution.recorder import memray_seen

MIB = 1 << 20
PAYLOAD = Payload(64 * MIB, 64 * MIB)
WRAPPER = "cachekit/serializers/wrapper.py"
CALLS = {UNWRAP: 1, DECODE: 2}
RELEASE = "0.9.1"


def heap(*made: tuple[str, int, int]) -> list[block.Block]:
    """Blocks of a stage, on a line of the wrapper, in MiB; all are kept."""
    return [
        block.Block(Place(stage, "unwrap", WRAPPER, line), mib * MIB, mib * MIB, born)
        for born, (stage, line, mib) in enumerate(made)
    ]


def aliased(
    stage: str, line: int, mib: int, kind: BlockKind, *, last: int | None = None, function: str = ""
) -> Block:
    """A block as the aliasing instrument sees it, of a statement that ends on line ``last``."""
    return Block(Place(stage, function, WRAPPER, line), (line, last or line), mib * MIB, kind)


def measurement(*blocks: Block, traced: dict[str, int] | None = None, aliasing: bool = True) -> Measurement:
    seen = Observations(
        memray=memray_seen(stage_calls=CALLS, sources={f"{WRAPPER}:126": "payload = bytes(mv[header_end:])"}),
        aliasing=AliasingSeen(RELEASE, CALLS, blocks, views={}, kept=()) if aliasing else None,
        tracemalloc=None if traced is None else TracemallocSeen(RELEASE, CALLS, 0, None, None, traced),
    )
    return Measurement(SCENARIO, PAYLOAD, seen)


def table(measured: Measurement, blocks: list[block.Block] | None) -> tuple[StageUsage, ...]:
    return stages_of(measured, use_of(measured, None if blocks is None else block.Capture(blocks, ())))


def only_site(measured: Measurement, blocks: list[block.Block]) -> SiteUsage:
    (site,) = (site for stage in table(measured, blocks) for site in stage.sites)
    return site


def row(measured: Measurement, blocks: list[block.Block] | None, name: str) -> StageUsage:
    (stage,) = (stage for stage in table(measured, blocks) if stage.name == name)
    return stage


class TestRows:
    def test_are_the_stages_entered_those_that_allocated_and_other_in_the_order_of_a_read(self) -> None:
        rows = table(measurement(), heap((BACKEND_GET, 5, 1)))
        assert [(stage.name, stage.calls) for stage in rows] == [
            (BACKEND_GET, 0),
            (UNWRAP, 1),
            (DECODE, 2),
            (OTHER, 0),
        ]

    def test_add_up_to_the_total(self) -> None:
        use = use_of(
            measurement(),
            block.Capture(heap((UNWRAP, 126, 64), (UNWRAP, 127, 1), (MATERIALIZE, 9, 64), (OTHER, 0, 3)), ()),
        )
        rows = stages_of(measurement(), use)
        values = figures_of(measurement(), rows, use.heap).values
        assert sum(stage.copies_bytes for stage in rows) == 132 * MIB == values["copies.total"] * 64 * MIB
        assert sum(values[f"copies.{stage.name}"] for stage in rows) == values["copies.total"]

    def test_have_the_largest_line_first_with_its_source(self) -> None:
        unwrap = row(measurement(), heap((UNWRAP, 127, 1), (UNWRAP, 126, 64)), UNWRAP)
        assert [(site.place.line, site.source) for site in unwrap.sites] == [
            (126, "payload = bytes(mv[header_end:])"),
            (127, ""),
        ]

    def test_tell_what_tracemalloc_saw_in_the_stage(self) -> None:
        seen = measurement(traced={UNWRAP: 5})
        assert row(seen, heap(), UNWRAP).tracemalloc_bytes == 5
        assert row(seen, heap(), DECODE).tracemalloc_bytes == 0
        assert row(measurement(), heap(), UNWRAP).tracemalloc_bytes is None

    def test_tell_what_was_mapped(self) -> None:
        place = Place(BACKEND_MAP, "get_buffer", "cachekit/f.py", 4)
        use = [block.Block(place, MIB, MIB, 1, backing="file")]
        site = SiteUsage(place, "mmap.mmap(fd, 0)", 0, 0, 0, 0, 0, "mapped", MIB, small_bytes=0, arenas=0)
        stage = StageUsage(BACKEND_MAP, 0, 0, 0, 0, 0, MIB, None, (site,))
        seen = Observations(
            memray=memray_seen(stage_calls={BACKEND_MAP: 0}, sources={"cachekit/f.py:4": "mmap.mmap(fd, 0)"}),
            aliasing=AliasingSeen(RELEASE, {}, (), views={}, kept=()),
        )
        assert row(Measurement(SCENARIO, PAYLOAD, seen), use, BACKEND_MAP) == stage

    def test_are_none_without_an_instrument_that_follows_stages(self) -> None:
        seen = Measurement(SCENARIO, PAYLOAD, Observations(rss=(RssSeen(RELEASE),)))
        assert stages_of(seen, ReadUse(None, None)) == ()


class TestTheKindOfALine:
    @pytest.mark.parametrize(
        ("blocks", "kind", "verbatim_mib"),
        [
            ([], "unproven", 0),
            ([(64, "verbatim")], "verbatim", 64),
            ([(32, "verbatim"), (32, "transformed")], "verbatim", 32),
            ([(16, "verbatim"), (48, "transformed")], "mixed", 16),
            ([(64, "received")], "received", 0),
            ([(64, "transformed")], "transformed", 0),
            ([(96, "verbatim")], "verbatim", 96),  # of what was allocated, and 32 of other memory
        ],
    )
    def test_is_that_of_its_blocks(
        self, blocks: list[tuple[int, BlockKind]], kind: str, verbatim_mib: int
    ) -> None:
        seen = measurement(*(aliased(UNWRAP, 126, mib, name) for mib, name in blocks))
        site = only_site(seen, heap((UNWRAP, 126, 64)))
        assert (site.kind, site.verbatim_bytes) == (kind, verbatim_mib * MIB)

    def test_is_unproven_if_nobody_looked(self) -> None:
        site = only_site(measurement(aliasing=False), heap((UNWRAP, 126, 64)))
        assert (site.kind, site.verbatim_bytes) == ("unproven", None)

    def test_is_not_that_of_another_stage_on_the_same_line(self) -> None:
        measured = measurement(aliased(DECODE, 126, 64, "transformed"))
        assert only_site(measured, heap((UNWRAP, 126, 64))).kind == "unproven"

    def test_is_found_on_another_line_of_the_same_statement(self) -> None:
        """Python sees the statement begin, memray the line of the call."""
        seen = measurement(aliased(UNWRAP, 126, 64, "verbatim", last=129))
        sites = row(seen, heap((UNWRAP, 126, 1), (UNWRAP, 128, 64), (UNWRAP, 130, 64)), UNWRAP).sites
        assert {site.place.line: site.kind for site in sites} == {
            126: "unproven",
            128: "verbatim",
            130: "unproven",
        }

    def test_may_be_proven_statements_after_it_was_allocated(self) -> None:
        """Of the lines before in the function the last one that can have made it; of another's, none."""
        own, anothers = (aliased(UNWRAP, 140, 64, "verbatim", function=name) for name in ("unwrap", "other"))
        made = heap((UNWRAP, 120, 64), (UNWRAP, 126, 64), (UNWRAP, 138, 1), (UNWRAP, 140, 1))
        sites = row(measurement(own), made, UNWRAP).sites
        assert [site.place.line for site in sites if site.kind == "verbatim"] == [126]
        sites = row(measurement(replace(anothers, was_there=True)), made, UNWRAP).sites
        assert [site.place.line for site in sites if site.kind == "verbatim"] == [140]


class TestTheVerbatimPartOfAStage:
    def test_is_the_sum_of_what_was_proven(self) -> None:
        blocks = [aliased(UNWRAP, 126, 30, "verbatim"), aliased(UNWRAP, 130, 20, "verbatim")]
        assert row(measurement(*blocks), heap((UNWRAP, 126, 64)), UNWRAP).verbatim_bytes == 50 * MIB

    def test_is_what_was_proven_wherever_it_was_copied_to(self) -> None:
        """A copy into memory that was there before is none of the heap's."""
        copied = aliased(UNWRAP, 126, 64, "verbatim")
        stage = row(measurement(copied), heap((UNWRAP, 126, 10)), UNWRAP)
        assert (stage.verbatim_bytes, stage.copies_bytes, stage.moved_bytes) == (64 * MIB, 10 * MIB, 64 * MIB)

    def test_is_what_was_proven_without_memray(self) -> None:
        block = aliased(UNWRAP, 126, 64, "verbatim")
        assert row(measurement(block), None, UNWRAP).verbatim_bytes == 64 * MIB
