"""By how much NEW may be more than BASE, held against what was compared."""

from collections.abc import Sequence
from dataclasses import replace

from cachekit_memprobe.comparison import Allowance, AllowanceResult, Comparison, ScenarioComparison


def judge_allowances(comparison: Comparison, allowances: Sequence[Allowance]) -> Comparison:
    """The comparison with one result for each allowance and each scenario that applies to both sides."""
    results = tuple(
        _judged(allowance, scenario)
        for allowance in allowances
        for scenario in comparison.scenarios
        if _applies(scenario)
    )
    return replace(comparison, allowances=results)


def _applies(scenario: ScenarioComparison) -> bool:
    sides = (scenario.base, scenario.new)
    return not any(side is not None and side.verdict == "not_applicable" for side in sides)


def _judged(allowance: Allowance, scenario: ScenarioComparison) -> AllowanceResult:
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
    more_bytes = change.change * logical_bytes if change.change_bytes is None else change.change_bytes
    if more_bytes <= allowed * logical_bytes or change.answer == "within":
        return replace(result, status="within")
    if change.answer == "unclear":
        return replace(result, reason=change.reason)
    return replace(result, status="over")
