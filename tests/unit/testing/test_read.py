"""A read that was measured, held against limits; of hand-built records."""

from dataclasses import replace

import pytest

from cachekit_memprobe.result import BudgetResult, Result
from cachekit_memprobe.testing.outcomes import OverBudget, Unmeasured
from cachekit_memprobe.testing.read import Read, UnknownMetric
from cachekit_memprobe.testing.shown import properties_of, report_text, summary_line
from tests.golden.reports import FILE_GET, L1_HIT, NOT_APPLICABLE, OPTIONS, UNMEASURED, report_of


def read_of(result: Result, *limited: str) -> Read:
    report = report_of(result)
    return Read(report, lambda line: f"{line}\n", lambda: report_text(report, 80), limited)


def with_status(result: Result, **status: str) -> Result:
    budgets = tuple(
        BudgetResult(metric.replace("_", "."), 1.0, None, "error", word)  # type: ignore[arg-type]
        for metric, word in status.items()
    )
    return replace(result, budgets=budgets, verdict="unmeasured")


def test_what_is_over_fails_with_each_limit() -> None:
    with pytest.raises(
        OverBudget,
        match=r"^copies\.unwrap 1\.00x over 0\.30x; copies\.total 2.*; rss\.peak 2\.00x over 1\.40x\n",
    ):
        read_of(L1_HIT).check()


def test_only_the_tests_own_limits_are_judged_at_once() -> None:
    read = read_of(L1_HIT)
    read.check_own()
    assert not read.is_judged
    with pytest.raises(OverBudget, match=r"^rss\.peak 2\.\d\dx over 1\.40x\n$"):
        read_of(L1_HIT, "rss.peak").check_own()


def test_what_has_a_limit_and_was_not_measured_outweighs_what_is_over() -> None:
    result = replace(with_status(L1_HIT, held_after="unmeasured"), verdict="unmeasured")
    read = read_of(replace(result, budgets=(*result.budgets, *L1_HIT.budgets)))
    with pytest.raises(Unmeasured, match=r"held\.after"):
        read.check()
    assert read.unmeasured


@pytest.mark.parametrize("result", [UNMEASURED, NOT_APPLICABLE])
def test_what_was_not_measured_is_never_a_read(result: Result) -> None:
    with pytest.raises(Unmeasured):
        read_of(result).check_own()
    with pytest.raises(Unmeasured):
        read_of(result).check()


def test_a_budget_of_which_nothing_was_judged_is_no_pass() -> None:
    with pytest.raises(Unmeasured):
        read_of(with_status(FILE_GET, held_after="not_judged")).check()


def test_a_metric_that_is_none_is_a_key_error_that_can_be_read() -> None:
    with pytest.raises(UnknownMetric) as error:
        read_of(FILE_GET).metrics["copies.totl"]
    assert str(error.value).startswith("'copies.totl' is not a metric; did you mean copies.total")


def test_a_metric_that_was_not_measured_is_no_figure() -> None:
    result = replace(FILE_GET, metrics={"copies.total": 1.0})
    read = read_of(result)
    with pytest.raises(
        Unmeasured, match=r"is measured by retention, and retention was not run; --memprobe-all"
    ):
        read.metrics["held.after"]
    with pytest.raises(Unmeasured, match=r"rss\.peak was not measured of this read; it is by how much"):
        read.metrics.get("rss.peak")
    assert "retention" not in OPTIONS.instruments
    assert "rss.peak" not in read.metrics
    assert dict(read.metrics) == {"copies.total": 1.0}
    assert read.unmeasured.startswith("held.after is measured by")
    assert read.is_judged


def test_a_report_has_no_colours_and_keeps_to_the_width() -> None:
    for width in (80, 120):
        text = report_text(report_of(L1_HIT), width)
        assert "\x1b" not in text
        assert max(map(len, text.splitlines())) <= width
    assert "unwrap" in text
    assert "rss.peak" in text
    assert "not run; --memprobe-all" not in text


def test_what_was_not_run_is_said_with_the_flag_of_pytest() -> None:
    report = replace(report_of(with_status(FILE_GET, held_after="not_judged")), run_folder=None)
    text = report_text(report, 80)
    assert text.endswith("1 limit is not judged, as retention was not run; --memprobe-all runs all")


def test_junit_gets_the_verdict_and_the_figures() -> None:
    properties = dict(properties_of(report_of(L1_HIT)))
    assert properties["memprobe.arrow-l1-hit.verdict"] == "fail"
    assert properties["memprobe.arrow-l1-hit.target"] == "cachekit 0.9.1"
    assert float(properties["memprobe.arrow-l1-hit.copies.unwrap"]) == pytest.approx(1.0, abs=0.01)
    assert summary_line(report_of(L1_HIT)).startswith("arrow-l1-hit: FAIL  copies ")
