import math

import pytest

from cachekit_memprobe.budget import Leads, judge, verdict_of
from cachekit_memprobe.child.seen import Kept
from cachekit_memprobe.metrics import INSTRUMENTS, MEMRAY
from cachekit_memprobe.model import Level, Limit, Payload
from cachekit_memprobe.result import BudgetResult, BudgetStatus
from tests.golden.reports import place, site, stage

MIB = 1 << 20
PAYLOAD = Payload(64 * MIB, 64 * MIB)
TWICE = Limit("copies.total", 2.0, None, "error")


def judged(limit: Limit, observed: float | None) -> BudgetResult:
    values = {} if observed is None else {limit.metric: observed}
    (result,) = judge([limit], values, PAYLOAD, INSTRUMENTS)
    return result


class TestOneLimit:
    @pytest.mark.parametrize(
        ("observed", "status"), [(1.999, "within"), (2.0, "within"), (2.001, "over"), (None, "unmeasured")]
    )
    def test_in_payloads(self, observed: float | None, status: BudgetStatus) -> None:
        assert judged(TWICE, observed).status == status

    @pytest.mark.parametrize(("observed", "limit"), [(math.nan, 2.0), (1.0, math.nan), (math.nan, math.nan)])
    def test_is_kept_by_no_figure_that_is_none(self, observed: float, limit: float) -> None:
        result = judged(Limit("copies.total", limit, None, "error"), observed)
        assert result.status == "unmeasured"
        assert verdict_of([result], [TWICE])[0] == "unmeasured"

    def test_is_exceeded_by_infinity(self) -> None:
        assert judged(TWICE, math.inf).status == "over"

    @pytest.mark.parametrize(("observed", "status"), [(0.5, "within"), (0.51, "over")])
    def test_as_a_size_is_compared_in_payloads(self, observed: float, status: BudgetStatus) -> None:
        result = judged(Limit("copies.total", None, 32 * MIB, "error"), observed)
        assert (result.limit, result.status) == (0.5, status)

    @pytest.mark.parametrize(("over_mib", "status"), [(1, "within"), (1.5, "over")])
    def test_of_the_resident_set_has_a_mib_of_slack(self, over_mib: float, status: BudgetStatus) -> None:
        result = judged(Limit("rss.peak", 1.0, None, "error"), 1.0 + over_mib / 64)
        assert result.status == status

    @pytest.mark.parametrize(
        ("growth", "margin", "status"),
        [
            (0.1, 0.001, "over"),  # a tenth of the value in each read
            (0.06, 0.02, "within"),
            (0.06, None, "within"),  # as much as the kernel's counters may be off
            (0.4, 0.4, "over"),  # a wide margin excuses no more than these
        ],
    )
    def test_on_growth_has_the_slack_of_its_margin(
        self, growth: float, margin: float | None, status: BudgetStatus
    ) -> None:
        values = {"growth.per_read": growth} | ({} if margin is None else {"growth.margin": margin})
        limit = Limit("growth.per_read", 0.05, None, "error")
        (result,) = judge([limit], values, PAYLOAD, INSTRUMENTS)
        assert result.status == status

    def test_whose_suspect_an_instrument_names_has_that(self) -> None:
        limit, here = Limit("aftermath.peak", 0.1, None, "error"), place("unwrap", "cachekit/x.py:7")
        leads = Leads(named={"aftermath.peak": here})
        (result,) = judge([limit], {"aftermath.peak": 1.0}, PAYLOAD, INSTRUMENTS, leads)
        assert (result.status, result.suspect) == ("over", here)

    def test_that_is_exceeded_tells_by_how_much_and_where(self) -> None:
        stages = [stage("unwrap", site("cachekit/serializers/wrapper.py:126", 1.0, "verbatim"))]
        (result,) = judge([TWICE], {"copies.total": 2.5}, PAYLOAD, INSTRUMENTS, Leads(lambda _: stages))
        assert result.excess == 0.5
        assert result.suspect == place("unwrap", "cachekit/serializers/wrapper.py:126")

    def test_that_is_kept_names_no_line(self) -> None:
        stages = [stage("unwrap", site("cachekit/serializers/wrapper.py:126", 1.0, "verbatim"))]
        (result,) = judge([TWICE], {"copies.total": 1.5}, PAYLOAD, INSTRUMENTS, Leads(lambda _: stages))
        assert (result.excess, result.suspect) == (0.0, None)


def test_limits_of_instruments_that_were_not_chosen_are_not_judged() -> None:
    limits = [TWICE, Limit("rss.peak", None, 32 * MIB, "error")]
    results = judge(limits, {"copies.total": 1.0, "rss.peak": 9.0}, PAYLOAD, [MEMRAY])
    assert results == (
        BudgetResult("copies.total", 2.0, 1.0, "error", "within"),
        BudgetResult("rss.peak", 0.5, None, "error", "not_judged"),
    )


class TestTheFrame:
    """It takes no instrument, and no line of the read is to blame for it."""

    LIMIT = Limit("frame.size", 1.1, None, "error")

    @pytest.mark.parametrize("instruments", [INSTRUMENTS, (MEMRAY,), ()])
    @pytest.mark.parametrize(("observed", "status"), [(1.1, "within"), (1.5, "over")])
    def test_is_judged_whatever_is_measured(
        self, instruments: tuple[str, ...], observed: float, status: BudgetStatus
    ) -> None:
        stages = [stage("unwrap", site("cachekit/serializers/wrapper.py:126", 1.0, "verbatim"))]
        leads = Leads(lambda _: stages)
        (result,) = judge([self.LIMIT], {"frame.size": observed}, PAYLOAD, instruments, leads)
        assert (result.status, result.suspects) == (status, ())

    def test_that_is_not_there_is_no_pass(self) -> None:
        (result,) = judge([self.LIMIT], {}, PAYLOAD, INSTRUMENTS)
        assert verdict_of([result], [self.LIMIT])[0] == "unmeasured"

    def test_alone_says_nothing_of_a_read_that_has_limits(self) -> None:
        limits = [TWICE, self.LIMIT]
        results = judge(limits, {"frame.size": 1.0}, PAYLOAD, ["rss"])
        assert verdict_of(results, limits)[0] == "unmeasured"
        results = judge(limits, {"frame.size": 1.5}, PAYLOAD, ["rss"])
        assert verdict_of(results, limits)[0] == "fail"

    def test_may_be_all_that_there_is_a_limit_on(self) -> None:
        results = judge([self.LIMIT], {"frame.size": 1.0}, PAYLOAD, ["rss"])
        assert verdict_of(results, [self.LIMIT])[0] == "pass"


def test_growth_over_its_limit_names_who_keeps_it() -> None:
    kept = [Kept("cachekit.x._KEPT", 64 * MIB, place("unwrap", "cachekit/x.py:7"))]
    limit = Limit("growth.per_read", 0.3, None, "error")
    (result,) = judge([limit], {"growth.per_read": 1.0}, PAYLOAD, INSTRUMENTS, Leads(kept=kept))
    assert result.suspect == place("unwrap", "cachekit/x.py:7")


class TestAPeakOfTheResidentSet:
    """Where no line explains it, none is named."""

    STAGES = (stage("materialize", site("cachekit/x.py:7", 1.0, "transformed")),)
    LIMIT = Limit("rss.peak", 1.35, None, "error")

    @pytest.mark.parametrize(
        ("values", "later_peak", "named"),
        [
            ({"rss.peak": 2.0, "peak.heap": 2.0}, False, True),
            ({"rss.peak": 2.0, "peak.heap": 1.0}, False, False),  # the heap alone is within the limit
            ({"rss.peak": 2.0, "peak.heap": 1.0, "mapped.file": 1.0}, False, True),
            ({"rss.peak": 2.0}, False, True),  # memray wasn't asked
            ({"rss.peak": 2.0, "peak.heap": 2.0}, True, False),
        ],
    )
    def test_has_a_suspect_only_if_the_lines_come_to_it(
        self, values: dict[str, float], later_peak: bool, named: bool
    ) -> None:
        leads = Leads(lambda _: self.STAGES, later_peak=later_peak)
        (result,) = judge([self.LIMIT], values, PAYLOAD, INSTRUMENTS, leads)
        assert (result.status, result.suspect is not None) == ("over", named)


def outcome(status: BudgetStatus, level: Level = "error") -> BudgetResult:
    return BudgetResult(
        "copies.total", 2.0, None if status in ("unmeasured", "not_judged") else 2.5, level, status
    )


class TestTheVerdict:
    @pytest.mark.parametrize(
        ("results", "verdict"),
        [
            ([outcome("within")], "pass"),
            ([outcome("within"), outcome("over")], "fail"),
            ([outcome("over", "warn"), outcome("within")], "pass"),
            ([outcome("over"), outcome("unmeasured")], "unmeasured"),
            ([outcome("unmeasured", "warn"), outcome("within")], "pass"),
            ([outcome("not_judged"), outcome("within")], "pass"),
            ([outcome("not_judged"), outcome("over")], "fail"),
            ([outcome("not_judged"), outcome("not_judged")], "unmeasured"),
            ([outcome("not_judged"), outcome("unmeasured")], "unmeasured"),
        ],
    )
    def test_of_results(self, results: list[BudgetResult], verdict: str) -> None:
        assert verdict_of(results, [TWICE])[0] == verdict

    def test_names_what_is_missing(self) -> None:
        _, reason = verdict_of([outcome("unmeasured")], [TWICE])
        assert reason == "the budget has limits on what was not measured: copies.total"

    def test_without_a_limit_that_could_be_judged_is_no_pass(self) -> None:
        verdict, reason = verdict_of([], [TWICE])
        assert verdict == "unmeasured"
        assert "instruments that were chosen" in str(reason)

    def test_without_any_limit_is_a_pass(self) -> None:
        assert verdict_of([], []) == ("pass", None)
