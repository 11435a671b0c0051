from dataclasses import replace

from cachekit_memprobe.comparing import compare, judge_allowances
from cachekit_memprobe.comparison import Allowance, AllowanceResult
from cachekit_memprobe.result import Report, Result
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


def of_readers(copies: float, peak: float) -> Result:
    """Several of them, with what they allocate together and a peak of theirs."""
    scenario = replace(BEFORE.scenario, read=replace(BEFORE.scenario.read, readers=8))
    metrics = {"copies.total": copies, "mapped.file": 0.0, "mapped.shared": 0.0, "rss.peak": peak}
    return replace(BEFORE, scenario=scenario, metrics=metrics)


def test_of_a_peak_of_several_readers_it_says_what_no_turns_can_change() -> None:
    assert status(of_readers(16, 13), of_readers(16, 14), LITTLE) == "unmeasured"
    assert status(of_readers(16, 14), of_readers(16, 13), LITTLE) == "unmeasured"
    assert status(of_readers(16, 13), of_readers(8, 7), LITTLE) == "within"
    assert status(of_readers(8.05, 8), of_readers(8.05, 7.5), LITTLE) == "within"
    assert status(of_readers(8, 7), of_readers(16, 13), LITTLE) == "over"
    assert status(of_readers(12.95, 7), of_readers(16, 13), LITTLE) == "unmeasured"


def test_what_is_unclear_is_not_within() -> None:
    (result,) = judge_allowances(
        compare(as_deployed(BEFORE), as_deployed(AFTER)), (Allowance("rss.peak", 9.0, None),)
    ).allowances
    assert result.status == "unmeasured"
    assert result.reason.startswith("as deployed")


def as_deployed(result: Result) -> Report:
    report = released("1", result)
    options = replace(report.run.options, as_deployed=True)
    return replace(report, run=replace(report.run, options=options))
