"""Two reads that were followed: whose figures count, and which one is explained."""

from dataclasses import replace
from pathlib import Path

import pytest

from cachekit_memprobe.attribution import Captures, reads_of
from cachekit_memprobe.attribution.reads import Reads
from cachekit_memprobe.child.seen import AliasingSeen, Block, ReadFigures, RssSeen, TracemallocSeen
from cachekit_memprobe.child.stages import UNWRAP, Place
from cachekit_memprobe.model import Measurement, Observations, Payload
from tests.golden.reports import SCENARIO

MIB = 1 << 20
PAYLOAD = Payload(64 * MIB, 64 * MIB)
LINE = Place(UNWRAP, "unwrap", "cachekit/w.py", 3)
CALLS = {UNWRAP: 1}


def seen_of(copied_mib: int, traced_mib: int) -> tuple[AliasingSeen, TracemallocSeen]:
    block = Block(LINE, (3, 3), copied_mib * MIB, "verbatim")
    return (
        AliasingSeen("0.24.1", CALLS, (block,) if copied_mib else (), views={}, kept=()),
        TracemallocSeen("0.24.1", CALLS, traced_mib * MIB, None, None, {UNWRAP: traced_mib * MIB}),
    )


def reads(first: tuple[int, int], second: tuple[int, int] | None) -> Reads:
    """Each by what it was proven to copy and by its peak, in MiB."""
    aliasing, traced = seen_of(*first)
    if second is not None:
        next_aliasing, next_traced = seen_of(*second)
        aliasing, traced = replace(aliasing, second=next_aliasing), replace(traced, second=next_traced)
    seen = Observations(aliasing=aliasing, tracemalloc=traced)
    return reads_of(Measurement(SCENARIO, PAYLOAD, seen), PAYLOAD, Path(), Captures())


@pytest.mark.parametrize(
    ("first", "second", "number", "verbatim", "peak"),
    [
        ((0, 64), None, 1, 0, 1),  # as saved by a version that followed one read
        ((0, 64), (0, 64), 1, 0, 1),
        ((0, 64), (64, 128), 2, 1, 2),
        ((64, 128), (0, 64), 1, 1, 2),
        ((0, 64), (1, 65), 1, 0, 1),  # an arena
        ((64, 32), (0, 128), 2, 1, 2),  # each is worse in something
    ],
)
def test_of_each_figure_the_worse_one_counts(
    first: tuple[int, int], second: tuple[int, int] | None, number: int, verbatim: float, peak: float
) -> None:
    found = reads(first, second)
    values = found.figures.values
    assert (found.number, values["verbatim.unwrap"], values["peak.tracemalloc"]) == (number, verbatim, peak)


def test_a_limit_is_explained_by_the_read_whose_figure_counts() -> None:
    found = reads((64, 32), (0, 128))
    (verbatim,) = (stage for stage in found.stages_for("verbatim.unwrap") if stage.name == UNWRAP)
    assert verbatim.verbatim_bytes == 64 * MIB
    assert found.stages_for("rss.peak") == found.explained.stages == found.followed[1].stages


@pytest.mark.parametrize(
    ("peaks_mib", "later"), [((64, 64, 64), False), ((64, 64, 128), True), ((64, 128), False)]
)
def test_a_peak_of_a_read_that_nobody_followed(peaks_mib: tuple[int, ...], later: bool) -> None:
    figures = tuple(ReadFigures(mib * MIB, 0, 0, 1, 0, 0, 0, 0) for mib in peaks_mib)
    aliasing, _ = seen_of(0, 0)
    seen = Observations(rss=(RssSeen("0.24.1", reads=figures),), aliasing=replace(aliasing, second=aliasing))
    assert reads_of(Measurement(SCENARIO, PAYLOAD, seen), PAYLOAD, Path(), Captures()).later_peak is later
