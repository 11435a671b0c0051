"""Steps along a row of results: told from chance, and with the lines that did them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cachekit_memprobe.comparing import checks_of, regressions_of, steps_of
from cachekit_memprobe.comparison import Allowance
from cachekit_memprobe.history import Step
from cachekit_memprobe.result import Result
from tests.golden.comparisons import AFTER, BEFORE
from tests.golden.reports import LOGICAL_BYTES, UNWRAP_PLACE

MIB = (1 << 20) / LOGICAL_BYTES
"""In payloads."""


def with_metrics(**figures: float) -> Result:
    """AFTER with other figures; ``rss_peak`` is rss.peak."""
    named = {name.replace("_", ".", 1): figure for name, figure in figures.items()}
    return replace(AFTER, metrics={**AFTER.metrics, **named})


def rss(*figures: float) -> list[Result]:
    return [replace(with_metrics(rss_peak=figure), spread={}) for figure in figures]


def steps_in(metric: str, results: Sequence[Result | None]) -> list[tuple[int, int]]:
    return [(one.base, one.new) for one in steps_of(results) if one.metric == metric]


def the_step(metric: str, results: Sequence[Result | None]) -> Step:
    (step,) = (one for one in steps_of(results) if one.metric == metric)
    return step


def test_a_copy_that_comes_is_one_step_with_its_line() -> None:
    step = the_step("copies.unwrap", [AFTER, AFTER, BEFORE, BEFORE])
    assert (step.base, step.new, step.kind, step.is_drift) == (1, 2, "exact", False)
    assert step.change == pytest.approx(1.0)
    (line,) = step.lines
    assert (line.kind, line.base, line.new) == ("new", None, UNWRAP_PLACE)
    assert line.change_bytes == LOGICAL_BYTES


def test_a_copy_that_goes_has_its_line_with_the_other_sign() -> None:
    (line,) = the_step("copies.unwrap", [BEFORE, AFTER]).lines
    assert (line.kind, line.base, line.new) == ("gone", UNWRAP_PLACE, None)
    assert line.change == pytest.approx(-1.0)


@pytest.mark.parametrize("metric", ["copies.total", "peak.heap", "rss.peak"])
def test_figures_of_the_whole_read_name_the_line_as_well(metric: str) -> None:
    assert [line.place for line in the_step(metric, [AFTER, BEFORE]).lines] == [UNWRAP_PLACE]


def test_the_resident_set_is_of_a_kind_of_its_own() -> None:
    assert the_step("rss.peak", [BEFORE, AFTER]).kind == "resident"


def test_the_same_has_no_step() -> None:
    assert steps_of([AFTER, AFTER, AFTER]) == ()


def test_points_without_figures_are_passed_over() -> None:
    assert steps_in("copies.unwrap", [None, BEFORE, None, AFTER, None]) == [(1, 3)]


def test_a_metric_is_followed_where_it_was_measured() -> None:
    lacking = replace(AFTER, metrics={"rss.peak": 1.004})
    assert steps_in("copies.unwrap", [BEFORE, lacking, AFTER]) == [(0, 2)]


def test_nothing_and_one_point_have_no_step() -> None:
    assert steps_of([]) == ()
    assert steps_of([None, None]) == ()
    assert steps_of([AFTER]) == ()


def test_the_noise_of_the_resident_set_is_no_step() -> None:
    assert steps_in("rss.peak", rss(1.0, 1.0 + 0.9 * MIB, 1.0 - 0.05 * MIB, 1.0)) == []


def test_more_than_its_noise_is_one() -> None:
    assert steps_in("rss.peak", rss(1.0, 1.0 + 1.2 * MIB, 1.0 + 1.2 * MIB)) == [(0, 1)]


def test_the_spread_of_repeated_processes_is_noise() -> None:
    wide = [replace(one, spread={"rss.peak": 5 * MIB}) for one in rss(1.0, 1.0 + 4 * MIB)]
    assert steps_in("rss.peak", wide) == []


def test_an_arena_of_the_heap_is_none_and_more_is_one() -> None:
    assert steps_in("peak.heap", [with_metrics(peak_heap=1 + more * MIB) for more in (0, 1.0)]) == []
    assert steps_in("peak.heap", [with_metrics(peak_heap=1 + more * MIB) for more in (0, 1.1)]) == [(0, 1)]


def test_what_grows_slowly_is_found_from_where_it_began() -> None:
    step = the_step("rss.peak", rss(*(1 + 0.6 * number * MIB for number in range(5))))
    assert (step.base, step.new, step.is_drift) == (0, 4, True)


def test_there_and_back_are_two_steps() -> None:
    assert steps_in("copies.unwrap", [AFTER, BEFORE, AFTER]) == [(0, 1), (1, 2)]


def test_the_newest_is_held_against_the_best_before_it() -> None:
    results = [AFTER, BEFORE, AFTER, BEFORE, BEFORE]
    found = {one.metric: one for one in regressions_of("x", results, steps_of(results))}
    heap = found["peak.heap"]
    assert (heap.best, heap.newest) == (2, 4)
    assert heap.since is not None
    assert heap.since.new == 3


def test_what_is_better_than_ever_is_no_regression() -> None:
    results = [BEFORE, AFTER]
    assert regressions_of("x", results, steps_of(results)) == ()


def checks(results: Sequence[Result | None], *allowances: Allowance) -> list[tuple[str, int | None]]:
    return [(one.status, one.best) for one in checks_of("x", results, allowances, "not installed")]


def test_a_limit_on_the_newest() -> None:
    exact = Allowance("peak.heap", None, 1 << 20)
    assert checks([AFTER, BEFORE], exact) == [("over", 0)]
    assert checks([BEFORE, AFTER], exact) == [("within", 0)]
    assert checks([AFTER, BEFORE], Allowance("peak.heap", 1.5, None)) == [("within", 0)]


def test_a_newest_that_has_no_figure_is_not_within() -> None:
    limit = Allowance("peak.heap", None, 1 << 20)
    assert checks([AFTER, None], limit) == [("unmeasured", None)]
    assert checks([AFTER], limit) == [("unmeasured", None)]
    assert checks([None, AFTER], Allowance("held.first", None, 1)) == [("unmeasured", None)]
