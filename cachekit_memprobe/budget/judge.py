"""Hold a scenario's budget against its metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

from cachekit_memprobe import metrics
from cachekit_memprobe.budget.suspects import suspect_of
from cachekit_memprobe.model import BudgetResult, BudgetStatus, Limit, Payload, StageUsage, Verdict


def judge(
    limits: Sequence[Limit],
    values: Mapping[str, float],
    payload: Payload,
    stages: Sequence[StageUsage],
    instruments: Sequence[str],
    kept: Sequence[Mapping[str, Any]] = (),
) -> tuple[BudgetResult, ...]:
    """Judge every limit whose instrument was asked for.

    Args:
        values: metric name to payloads.
        instruments: what the user chose to run; limits on others' metrics are left out, not passed.
        kept: who was found to keep memory of the read, as the aliasing instrument saw it.
    """
    judged = [limit for limit in limits if metrics.metric_of(limit.metric).instrument in instruments]
    return tuple(_judge_one(limit, values.get(limit.metric), payload, stages, kept) for limit in judged)


def _judge_one(
    limit: Limit,
    observed: float | None,
    payload: Payload,
    stages: Sequence[StageUsage],
    kept: Sequence[Mapping[str, Any]],
) -> BudgetResult:
    allowed = (
        limit.payloads if limit.payloads is not None else (limit.size_bytes or 0) / payload.logical_bytes
    )
    status: BudgetStatus = "unmeasured"
    if observed is not None:
        slack = metrics.noise_bytes(limit.metric) / payload.logical_bytes
        status = "over" if observed > allowed + slack else "within"
    where = suspect_of(limit.metric, stages, kept) if status == "over" else ""
    return BudgetResult(limit.metric, allowed, observed, limit.level, status, where)


def verdict_of(budgets: Sequence[BudgetResult], limits: Sequence[Limit]) -> tuple[Verdict, str | None]:
    """The verdict on a scenario that was measured, and the reason if it isn't a clean one.

    A budget of which nothing could be judged is no pass. A scenario without any budget is measured for
    its table, and passes.
    """
    errors = [result for result in budgets if result.level == "error"]
    unmeasured = [result.metric for result in errors if result.status == "unmeasured"]
    if unmeasured:
        return "unmeasured", f"the budget names what was not measured: {', '.join(unmeasured)}"
    if any(result.status == "over" for result in errors):
        return "fail", None
    if limits and not budgets:
        return "unmeasured", (
            "no limit of the budget could be judged on this target with the instruments that were chosen"
        )
    return "pass", None
