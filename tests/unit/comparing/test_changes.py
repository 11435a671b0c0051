from dataclasses import replace

import pytest

from cachekit_memprobe.comparing.changes import changes_of
from cachekit_memprobe.comparison import Change
from cachekit_memprobe.model import Payload
from cachekit_memprobe.result import Result, SiteUsage
from tests.golden.reports import L1_HIT, UNWRAP_SITE, site, stage

MIB = 1 << 20
PAYLOAD = Payload(64 * MIB, 64 * MIB)
PLAIN = replace(L1_HIT, payload=PAYLOAD, stages=(stage("unwrap", UNWRAP_SITE),), spread={}, metrics={})
LINE = site("pandas/x.py:1", 1.0, "transformed")
IN_ARENAS = replace(
    PLAIN, stages=(stage("decode", replace(LINE, allocations=262, arenas=233, small_bytes=0)),)
)


def with_lines(of: Result, *lines: SiteUsage) -> Result:
    """The result with these lines in its decode stage besides."""
    return replace(of, stages=(*of.stages, stage("decode", *lines)))


def with_bytes(of: Result, **metrics: int) -> Result:
    """The result with metrics of these sizes; ``__`` in a name is a dot."""
    sizes = {
        name.replace("__", "."): size / (of.payload or PAYLOAD).logical_bytes
        for name, size in metrics.items()
    }
    return replace(of, metrics=sizes)


def changed(base: Result, new: Result, *, as_deployed: bool = False) -> Change:
    (change,) = changes_of(base, new, deployed=(as_deployed, as_deployed))
    return change


def test_copies_are_compared_to_the_byte() -> None:
    same = changed(with_bytes(PLAIN, copies__unwrap=67_108_913), with_bytes(PLAIN, copies__unwrap=67_108_913))
    assert (same.answer, same.change_bytes) == ("equal", 0)
    more = changed(with_bytes(PLAIN, copies__unwrap=67_108_913), with_bytes(PLAIN, copies__unwrap=67_108_914))
    assert (more.answer, more.change_bytes, more.exactness) == ("more", 1, "byte")


def test_objects_may_need_some_arenas_more() -> None:
    """Two of 233 were the most in repeated reads of one value, with a block of 128 KiB once."""
    base = with_bytes(IN_ARENAS, copies__decode=240 * MIB)
    within = changed(base, with_bytes(IN_ARENAS, copies__decode=240 * MIB + 2_228_224))
    assert (within.answer, within.exactness, within.change_bytes) == ("within", "arena", 2_228_224)
    assert changed(base, with_bytes(IN_ARENAS, copies__decode=244 * MIB)).answer == "more"


@pytest.mark.parametrize("metric", ["copies__other", "peak__heap", "copies__total"])
def test_any_read_may_need_the_one_arena_that_another_found_room_without(metric: str) -> None:
    line = replace(LINE, copies_bytes=MIB, arenas=1, small_bytes=0)
    new = replace(PLAIN, stages=(*PLAIN.stages, stage("other", line)))
    base, new = with_bytes(PLAIN, **{metric: 64 * MIB}), with_bytes(new, **{metric: 65 * MIB})
    assert (changed(base, new).answer, changed(new, base).answer) == ("within", "within")
    assert changed(base, with_bytes(new, **{metric: 66 * MIB})).answer == "more"


def test_a_line_of_a_log_is_written_by_chance() -> None:
    """Of 702 bytes; cachekit logs a sample of its reads."""
    base = with_bytes(PLAIN, copies__decode=0)
    logged = with_lines(PLAIN, replace(LINE, copies_bytes=702, allocations=2, small_bytes=702))
    change = changed(base, with_bytes(logged, copies__decode=702))
    assert (change.answer, change.exactness, change.chance_bytes) == ("within", "blocks", 702)


def test_large_blocks_are_exact_beside_small_ones() -> None:
    both = with_lines(
        PLAIN, replace(LINE, allocations=99, small_bytes=19_786, arenas=0, recycled_bytes=10_056)
    )
    base = with_bytes(both, copies__decode=64 * MIB)
    more = changed(base, with_bytes(both, copies__decode=66 * MIB))
    assert (more.answer, more.change_bytes, more.chance_bytes) == ("more", 2 * MIB, 29_842)
    unwrap = changed(with_bytes(both, copies__unwrap=0), with_bytes(both, copies__unwrap=4096))
    assert (unwrap.answer, unwrap.exactness) == ("more", "byte")


def test_however_many_small_blocks_there_are_few_differ() -> None:
    """cachekit.io's answer comes in 33,000 pieces."""
    pieces = replace(LINE, copies_bytes=128 * MIB, allocations=32_937, small_bytes=128 * MIB, arenas=0)
    base, new = with_lines(PLAIN, pieces), PLAIN
    gone = changed(with_bytes(base, copies__decode=128 * MIB), with_bytes(new, copies__decode=0))
    assert (gone.answer, gone.chance_bytes) == ("less", MIB)


def test_a_run_that_does_not_say_what_its_blocks_are_is_held_to_less() -> None:
    """It was published by an older version."""
    line = replace(LINE, copies_bytes=64 * MIB, allocations=99, recycled_bytes=10_056)
    older = with_lines(PLAIN, line)
    base = with_bytes(older, copies__decode=64 * MIB)
    assert changed(base, with_bytes(older, copies__decode=66 * MIB)).answer == "within"
    assert changed(base, with_bytes(older, copies__decode=72 * MIB)).answer == "more"


def test_a_buffer_grows_with_what_a_socket_receives_at_once() -> None:
    line = replace(LINE, copies_bytes=128 * MIB, small_bytes=0, arenas=0, recycled_bytes=1282)
    received = replace(PLAIN, stages=(stage("backend_get", line),))
    base = with_bytes(received, copies__backend_get=128 * MIB)
    assert changed(base, with_bytes(received, copies__backend_get=129 * MIB)).answer == "within"
    assert changed(base, with_bytes(received, copies__backend_get=131 * MIB)).answer == "more"


def test_tracemalloc_sees_objects_and_not_their_arenas() -> None:
    base = with_bytes(IN_ARENAS, peak__tracemalloc=64 * MIB)
    assert changed(base, with_bytes(IN_ARENAS, peak__tracemalloc=64 * MIB + 952)).answer == "within"
    assert changed(base, with_bytes(IN_ARENAS, peak__tracemalloc=65 * MIB)).answer == "more"


@pytest.mark.parametrize("metric", ["verbatim__unwrap", "mapped__file", "peak__arrow_pool"])
def test_what_is_counted_is_exact_whatever_the_lines_are(metric: str) -> None:
    change = changed(with_bytes(IN_ARENAS, **{metric: 100}), with_bytes(IN_ARENAS, **{metric: 50}))
    assert (change.answer, change.change_bytes, change.exactness) == ("less", -50, "byte")


def test_the_resident_set_is_compared_within_its_noise() -> None:
    base = with_bytes(PLAIN, rss__peak=64 * MIB)
    assert changed(base, with_bytes(PLAIN, rss__peak=65 * MIB)).answer == "within"
    assert changed(base, with_bytes(PLAIN, rss__peak=65 * MIB + 1)).answer == "more"


@pytest.mark.parametrize("metric", ["rss__peak", "rss__anon"])
def test_what_is_freed_in_small_blocks_may_stay_resident(metric: str) -> None:
    """Memcached's chunks: of one release, RSS peaks between two payloads and three."""
    line = replace(LINE, copies_bytes=128 * MIB, small_bytes=64 * MIB, arenas=0)
    chunks = with_lines(PLAIN, line)
    base, new = with_bytes(chunks, **{metric: 160 * MIB}), with_bytes(chunks, **{metric: 177 * MIB})
    assert (changed(base, new).answer, changed(new, base).answer) == ("within", "within")
    assert changed(base, with_bytes(chunks, **{metric: 230 * MIB})).answer == "more"
    kept = with_lines(PLAIN, replace(line, survived_bytes=64 * MIB))
    assert changed(base, with_bytes(kept, **{metric: 177 * MIB})).answer == "within"
    assert (
        changed(with_bytes(kept, **{metric: 160 * MIB}), with_bytes(kept, **{metric: 177 * MIB})).answer
        == "more"
    )


def test_without_memray_what_is_held_may_be_objects() -> None:
    base, new = with_bytes(PLAIN, held__result=64 * MIB), with_bytes(PLAIN, held__result=66 * MIB)
    assert changed(base, new).answer == "within"
    base, new = (replace(one, metrics={**one.metrics, "copies.total": 0.0}) for one in (base, new))
    assert changes_of(base, new, deployed=(False, False))[-1].answer == "more"


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


@pytest.mark.parametrize("metric", ["rss.total", "rss.resting", "rss.settled"])
def test_the_whole_process_is_not_compared_between_two_sizes(metric: str) -> None:
    """Nor with itself: the interpreter is one share of one payload, and another of the other."""
    large = replace(PLAIN, payload=Payload(256 * MIB, 256 * MIB))
    base, new = replace(PLAIN, metrics={metric: 5.0}), replace(large, metrics={metric: 2.0})
    for one, other in ((base, new), (new, base)):
        change = changed(one, other)
        assert (change.answer, change.reason.partition(" ")[0]) == ("unclear", "the")


@pytest.mark.parametrize("metric", ["rss__total", "rss__resting", "rss__settled"])
def test_processes_of_one_kind_differ_by_more_than_a_read_does(metric: str) -> None:
    base = with_bytes(PLAIN, **{metric: 200 * MIB})
    assert changed(base, with_bytes(PLAIN, **{metric: 203 * MIB})).answer == "within"
    assert changed(base, with_bytes(PLAIN, **{metric: 205 * MIB})).answer == "more"


def test_a_margin_is_no_result() -> None:
    base, new = with_bytes(PLAIN, growth__margin=0), with_bytes(PLAIN, growth__margin=9 * MIB)
    for one, other in ((base, new), (new, base)):
        assert changed(one, other).answer == "within"
        assert changed(one, other, as_deployed=True).answer == "within"


SEVERAL = replace(PLAIN, scenario=replace(PLAIN.scenario, read=replace(PLAIN.scenario.read, readers=8)))


def taking_turns(metric: str, mib: int, copies_mib: int) -> Result:
    """Eight readers that were at this peak, and allocate this much together."""
    sizes = {"copies__total": copies_mib * MIB, "mapped__file": 0, "mapped__shared": 0, metric: mib * MIB}
    return with_bytes(SEVERAL, **sizes)


def change_of(metric: str, base: Result, new: Result) -> Change:
    changes = changes_of(base, new, deployed=(False, False))
    return next(one for one in changes if one.metric == metric.replace("__", "."))


TURNS = ("peak__heap", "peak__unwrap", "peak__tracemalloc", "peak__arrow_pool", "rss__peak", "rss__anon")


@pytest.mark.parametrize("metric", TURNS)
def test_with_several_readers_nothing_is_said_of_a_peak_that_turns_explain(metric: str) -> None:
    """Each may have all that it allocates while all others do, or when they are done."""
    change = change_of(metric, taking_turns(metric, 640, 1024), taking_turns(metric, 320, 1024))
    assert (change.answer, change.least_bytes, change.most_bytes) == ("unclear", -704 * MIB, 384 * MIB)
    assert change.reason.startswith("several readers take turns")


@pytest.mark.parametrize("metric", TURNS)
def test_a_peak_above_all_that_the_other_side_allocates_is_no_matter_of_turns(metric: str) -> None:
    base, new = taking_turns(metric, 832, 1024), taking_turns(metric, 512, 520)
    assert change_of(metric, base, new).answer == "less"
    assert change_of(metric, new, base).answer == "more"
    assert change_of(metric, base, new).most_bytes == (520 - 832) * MIB


def test_without_what_they_allocate_in_all_a_peak_is_unclear() -> None:
    change = changed(with_bytes(SEVERAL, rss__peak=640 * MIB), with_bytes(SEVERAL, rss__peak=64 * MIB))
    assert (change.answer, change.most_bytes) == ("unclear", None)


def test_copies_of_several_readers_do_not_depend_on_turns() -> None:
    copies = changed(with_bytes(SEVERAL, copies__unwrap=MIB), with_bytes(SEVERAL, copies__unwrap=0))
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
    changes = {change.metric: change for change in changes_of(base, new, deployed=(False, False))}
    assert changes["growth.per_read"].answer == "more"


def test_as_deployed_figures_that_are_all_the_same_are_equal() -> None:
    assert changed(deployed(0, 0, 0, 0), deployed(0, 0, 0, 0), as_deployed=True).answer == "equal"


def test_pinned_and_as_deployed_are_not_compared() -> None:
    base, new = deployed(64, 64, 64, 64), deployed(80, 81, 82, 83)
    for which in ((True, False), (False, True)):
        (change,) = changes_of(base, new, deployed=which)
        assert (change.answer, change.exactness) == ("unclear", "ranked")
        large = replace(new, payload=Payload(256 * MIB, 256 * MIB))
        assert changes_of(base, large, deployed=which)[0].answer == "unclear"


def test_as_deployed_two_sizes_are_ranked_as_well() -> None:
    large = replace(deployed(640, 640, 640, 640), payload=Payload(256 * MIB, 256 * MIB))
    assert changed(deployed(64, 64, 64), large, as_deployed=True).answer == "unclear"
    assert changed(deployed(64, 64, 64, 64), large, as_deployed=True).answer == "more"


def test_the_growth_of_objects_is_as_exact_as_its_margins_say() -> None:
    """Each of the first reads may leave an arena behind."""
    base = with_bytes(PLAIN, growth__per_read=1_753_088, growth__total=7_208_960, growth__margin=773_579)
    new = with_bytes(PLAIN, growth__per_read=0, growth__total=3_080_192, growth__margin=7_692_157)
    assert {one.answer for one in changes_of(base, new, deployed=(False, False))} == {"within"}
    leak = with_bytes(PLAIN, growth__per_read=64 * MIB, growth__total=256 * MIB, growth__margin=773_579)
    answers = {one.metric: one.answer for one in changes_of(base, leak, deployed=(False, False))}
    assert (answers["growth.per_read"], answers["growth.total"]) == ("more", "more")


def test_samples_may_miss_a_peak_that_the_kernel_marks() -> None:
    sampled = with_bytes(PLAIN, rss__peak=80 * MIB, rss__anon=74 * MIB, rss__file=0)
    seen = with_bytes(PLAIN, rss__peak=80 * MIB, rss__anon=80 * MIB, rss__file=0)
    answers = {one.metric: one.answer for one in changes_of(sampled, seen, deployed=(False, False))}
    assert answers == {"rss.peak": "equal", "rss.anon": "within", "rss.file": "equal"}
    more = with_bytes(PLAIN, rss__peak=90 * MIB, rss__anon=88 * MIB, rss__file=0)
    answers = {one.metric: one.answer for one in changes_of(sampled, more, deployed=(False, False))}
    assert (answers["rss.peak"], answers["rss.anon"]) == ("more", "more")


@pytest.mark.parametrize(
    ("metric", "by_chance"),
    [("growth.per_read", MIB), ("growth.total", 4 * MIB), ("rss.resting", 5 * MIB), ("growth.anon", MIB)],
)
def test_of_objects_each_read_of_a_process_may_keep_an_arena_more(metric: str, by_chance: int) -> None:
    name, margin = metric.replace(".", "__"), {"growth__margin": 0}
    before, after = ({name: size, **margin} for size in (4 * MIB, 4 * MIB + by_chance))
    one = replace(LINE, copies_bytes=MIB, arenas=1, small_bytes=0)
    for of, answer in ((IN_ARENAS, "within"), (PLAIN, "more"), (with_lines(PLAIN, one), "more")):
        changes = changes_of(with_bytes(of, **before), with_bytes(of, **after), deployed=(False, False))
        found = {one.metric: one.answer for one in changes}
        assert found[metric] == answer
