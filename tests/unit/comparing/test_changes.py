from dataclasses import replace

import pytest

from cachekit_memprobe.comparing.changes import changes_of
from cachekit_memprobe.comparison import Change
from cachekit_memprobe.model import Payload
from cachekit_memprobe.result import Result
from tests.golden.reports import L1_HIT, UNWRAP_SITE, site, stage

MIB = 1 << 20
PAYLOAD = Payload(64 * MIB, 64 * MIB)
PLAIN = replace(L1_HIT, payload=PAYLOAD, stages=(stage("unwrap", UNWRAP_SITE),), spread={}, metrics={})
IN_PIECES = replace(
    PLAIN,
    stages=(stage("materialize", replace(site("pandas/x.py:1", 1.0, "transformed"), allocations=907)),),
)


def with_bytes(of: Result, **metrics: int) -> Result:
    """The result with metrics of these sizes; ``__`` in a name is a dot."""
    sizes = {
        name.replace("__", "."): size / (of.payload or PAYLOAD).logical_bytes
        for name, size in metrics.items()
    }
    return replace(of, metrics=sizes)


def changed(base: Result, new: Result, *, as_deployed: bool = False) -> Change:
    (change,) = changes_of(base, new, as_deployed=as_deployed)
    return change


def test_copies_are_compared_to_the_byte() -> None:
    same = changed(with_bytes(PLAIN, copies__unwrap=67_108_913), with_bytes(PLAIN, copies__unwrap=67_108_913))
    assert (same.answer, same.change_bytes) == ("equal", 0)
    more = changed(with_bytes(PLAIN, copies__unwrap=67_108_913), with_bytes(PLAIN, copies__unwrap=67_108_914))
    assert (more.answer, more.change_bytes, more.exactness) == ("more", 1, "byte")


def test_small_pieces_may_need_an_arena_more() -> None:
    base = with_bytes(IN_PIECES, copies__materialize=64 * MIB)
    within = changed(base, with_bytes(IN_PIECES, copies__materialize=65 * MIB))
    assert (within.answer, within.exactness, within.change_bytes) == ("within", "arena", MIB)
    assert changed(base, with_bytes(IN_PIECES, copies__materialize=67 * MIB)).answer == "more"


def test_a_stage_of_one_large_block_is_exact_beside_one_of_small_pieces() -> None:
    both = replace(PLAIN, stages=(*PLAIN.stages, *IN_PIECES.stages))
    change = changed(with_bytes(both, copies__unwrap=0), with_bytes(both, copies__unwrap=4096))
    assert (change.answer, change.exactness) == ("more", "byte")
    whole = changed(with_bytes(both, copies__total=0), with_bytes(both, copies__total=4096))
    assert whole.exactness == "arena"


@pytest.mark.parametrize("metric", ["verbatim__unwrap", "mapped__file", "peak__arrow_pool"])
def test_what_is_counted_is_exact_whatever_the_lines_are(metric: str) -> None:
    change = changed(with_bytes(IN_PIECES, **{metric: 100}), with_bytes(IN_PIECES, **{metric: 50}))
    assert (change.answer, change.change_bytes, change.exactness) == ("less", -50, "byte")


def test_the_resident_set_is_compared_within_its_noise() -> None:
    base = with_bytes(PLAIN, rss__peak=64 * MIB)
    assert changed(base, with_bytes(PLAIN, rss__peak=65 * MIB)).answer == "within"
    assert changed(base, with_bytes(PLAIN, rss__peak=65 * MIB + 1)).answer == "more"


def test_a_larger_spread_takes_the_place_of_the_noise() -> None:
    base = replace(with_bytes(PLAIN, rss__peak=64 * MIB), spread={"rss.peak": 3 / 64})
    assert changed(base, with_bytes(PLAIN, rss__peak=67 * MIB)).answer == "within"
    assert changed(base, with_bytes(PLAIN, rss__peak=60 * MIB)).answer == "less"


def test_what_a_side_lacks_is_not_measured_and_never_0() -> None:
    change = changed(with_bytes(PLAIN, rss__peak=64 * MIB), with_bytes(PLAIN))
    assert (change.answer, change.new, change.change, change.change_bytes) == ("unmeasured", None, None, None)
    assert change.reason == "not measured in NEW"
    assert changed(with_bytes(PLAIN), with_bytes(PLAIN, rss__peak=1)).reason == "not measured in BASE"


def test_payloads_of_two_sizes_are_compared_in_payloads() -> None:
    large = replace(PLAIN, payload=Payload(256 * MIB, 256 * MIB))
    base = with_bytes(PLAIN, copies__unwrap=64 * MIB)
    same = changed(base, with_bytes(large, copies__unwrap=256 * MIB + 300_000))
    assert (same.answer, same.change_bytes, same.exactness) == ("within", None, "payloads")
    assert changed(base, with_bytes(large, copies__unwrap=0)).answer == "less"


def test_with_several_readers_nothing_is_said_of_a_peak_that_differs() -> None:
    several = replace(PLAIN, scenario=replace(PLAIN.scenario, read=replace(PLAIN.scenario.read, readers=8)))
    change = changed(with_bytes(several, peak__heap=640 * MIB), with_bytes(several, peak__heap=320 * MIB))
    assert change.answer == "unclear"
    copies = changed(with_bytes(several, copies__unwrap=MIB), with_bytes(several, copies__unwrap=0))
    assert copies.answer == "less"


def deployed(*peaks_mib: float) -> Result:
    figures = tuple(one / 64 for one in peaks_mib)
    return replace(PLAIN, metrics={"rss.peak": max(figures)}, repeats={"rss.peak": figures})


def test_as_deployed_the_ranks_of_repeated_processes_decide() -> None:
    more = changed(deployed(64, 65, 66, 67), deployed(70, 71, 72, 73), as_deployed=True)
    assert (more.answer, more.exactness) == ("more", "ranked")
    assert more.p_value == pytest.approx(2 / 70)
    mixed = changed(deployed(64, 66, 68, 70), deployed(65, 67, 69, 71), as_deployed=True)
    assert mixed.answer == "within"


def test_as_deployed_few_processes_say_nothing_even_if_they_agree() -> None:
    change = changed(deployed(64, 64, 64), deployed(64, 64, 64), as_deployed=True)
    assert change.answer == "unclear"
    assert "--repeat 4" in change.reason


def test_as_deployed_the_worst_must_not_contradict_the_ranks() -> None:
    change = changed(deployed(64, 65, 66, 67, 68, 69, 90), deployed(*range(70, 80)), as_deployed=True)
    assert change.p_value is not None
    assert change.answer == "unclear"


def test_as_deployed_the_heap_is_still_exact() -> None:
    change = changed(
        with_bytes(PLAIN, copies__unwrap=5), with_bytes(PLAIN, copies__unwrap=4), as_deployed=True
    )
    assert (change.answer, change.exactness) == ("less", "byte")


def test_a_slope_is_compared_within_its_margins() -> None:
    base = replace(PLAIN, metrics={"growth.per_read": 0.0, "growth.margin": 0.001})
    new = replace(PLAIN, metrics={"growth.per_read": 0.01, "growth.margin": 0.001})
    changes = {change.metric: change for change in changes_of(base, new, as_deployed=False)}
    assert changes["growth.per_read"].answer == "more"
