"""By how much NEW may be more than BASE, held against what was compared."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from cachekit_memprobe.comparing.turns import WHY_TURNS
from cachekit_memprobe.comparison import (
    Allowance,
    AllowanceResult,
    AllowanceStatus,
    Change,
    Comparison,
    ScenarioComparison,
)


def judge_allowances(comparison: Comparison, allowances: Sequence[Allowance]) -> Comparison:
    """The comparison with one result for each allowance and each scenario that applies to both sides."""
    results = tuple(
        judged(allowance, scenario)
        for allowance in allowances
        for scenario in comparison.scenarios
        if _applies(scenario)
    )
    return replace(comparison, allowances=results)


def _applies(scenario: ScenarioComparison) -> bool:
    sides = (scenario.base, scenario.new)
    return not any(side is not None and side.verdict == "not_applicable" for side in sides)


def judged(allowance: Allowance, scenario: ScenarioComparison) -> AllowanceResult:
    """One of them held against one scenario."""
    result = AllowanceResult(allowance, scenario.name, "unmeasured")
    change = scenario.change_of(allowance.metric)
    if change is None or change.change is None or scenario.new is None or scenario.new.payload is None:
        missing = change.reason if change else ""
        return replace(result, reason=missing or scenario.reason or "not measured on either side")
    logical_bytes = scenario.new.payload.logical_bytes
    size_bytes = allowance.size_bytes
    allowed = allowance.payloads if size_bytes is None else size_bytes / logical_bytes
    assert allowed is not None
    result = replace(result, allowed=allowed, change=change.change)
    status = _status(change, allowed * logical_bytes, logical_bytes)
    reason = (change.reason or WHY_TURNS) if status == "unmeasured" else ""
    return replace(result, status=status, reason=reason)


def _status(change: Change, allowed_bytes: float, logical_bytes: int) -> AllowanceStatus:
    """Of what nothing can be said, it isn't said that it is within either."""
    if change.answer in ("equal", "within"):
        return "within"
    least_bytes, most_bytes = _more_bytes(change, logical_bytes)
    if most_bytes <= allowed_bytes:
        return "within"
    return "over" if least_bytes > allowed_bytes else "unmeasured"


def _more_bytes(change: Change, logical_bytes: int) -> tuple[float, float]:
    """How much more NEW has, at least and at most."""
    if change.least_bytes is not None and change.most_bytes is not None:
        return change.least_bytes, change.most_bytes
    if change.answer == "unclear":
        return -inf, inf
    more_bytes = (
        (change.change or 0.0) * logical_bytes if change.change_bytes is None else change.change_bytes
    )
    return more_bytes, more_bytes
