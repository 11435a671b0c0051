from dataclasses import replace

from cachekit_memprobe.comparing import compare, judge_allowances
from cachekit_memprobe.comparison import Allowance, AllowanceResult
from cachekit_memprobe.result import Result
from tests.golden.comparisons import AFTER, BEFORE, released
from tests.golden.reports import FILE_MAP, NOT_APPLICABLE, UNMEASURED

LITTLE = Allowance("rss.peak", 0.1, None)


def judged(
    base: tuple[Result, ...], new: tuple[Result, ...], *allowances: Allowance
) -> list[AllowanceResult]:
    comparison = compare(released("1", *base), released("2", *new))
    return list(judge_allowances(comparison, allowances).allowances)


def status(base: Result, new: Result, allowance: Allowance) -> str:
    (result,) = judged((base,), (new,), allowance)
    return result.status


def test_more_than_is_allowed_is_over_and_less_never_is() -> None:
    assert status(AFTER, BEFORE, LITTLE) == "over"
    assert status(BEFORE, AFTER, LITTLE) == "within"
    assert status(AFTER, BEFORE, Allowance("rss.peak", 1.1, None)) == "within"


def test_a_size_is_allowed_in_bytes() -> None:
    assert status(AFTER, BEFORE, Allowance("rss.peak", None, 299_999_999)) == "over"
    assert status(AFTER, BEFORE, Allowance("rss.peak", None, 300_000_000)) == "within"


def test_what_chance_does_is_within_even_of_nothing() -> None:
    slightly = replace(BEFORE, metrics={**BEFORE.metrics, "rss.peak": BEFORE.metrics["rss.peak"] + 0.003})
    assert status(BEFORE, slightly, Allowance("rss.peak", 0.0, None)) == "within"


def test_of_what_a_side_lacks_nothing_is_said() -> None:
    for base, new in ((BEFORE, AFTER), (AFTER, BEFORE)):
        (result,) = judged((base,), (new,), Allowance("held.result", 1.0, None))
        assert (result.status, result.change) == ("unmeasured", None)
    lacking = replace(AFTER, metrics={"copies.total": 1.0})
    (result,) = judged((BEFORE,), (lacking,), LITTLE)
    assert (result.status, result.reason) == ("unmeasured", "not measured in NEW")


def test_a_scenario_that_could_not_be_measured_or_is_absent_is_unmeasured() -> None:
    unmeasured = replace(UNMEASURED, scenario=BEFORE.scenario)
    assert status(BEFORE, unmeasured, LITTLE) == "unmeasured"
    (_, absent) = judged((BEFORE, FILE_MAP), (AFTER,), LITTLE)
    assert (absent.status, absent.reason) == ("unmeasured", "NEW doesn't have it")


def test_a_scenario_that_does_not_apply_counts_neither_way() -> None:
    assert judged((NOT_APPLICABLE,), (FILE_MAP,), LITTLE) == []
