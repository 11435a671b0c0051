"""Hold a scenario's budget against its metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cachekit_memprobe import metrics
from cachekit_memprobe.budget.leads import Leads
from cachekit_memprobe.model import Limit, Payload
from cachekit_memprobe.result import BudgetResult, BudgetStatus, Verdict

_NO_LEADS = Leads()


def judge(
    limits: Sequence[Limit],
    values: Mapping[str, float],
    payload: Payload,
    instruments: Sequence[str],
    leads: Leads = _NO_LEADS,
) -> tuple[BudgetResult, ...]:
    """One result for each limit.

    Args:
        values: metric name to payloads.
        instruments: what the user chose to run; limits on others' metrics are not judged, and not passed.
        leads: what is known of who may be to blame.
    """
    return tuple(
        replace(
            _judge_one(limit, values, payload, leads)
            if set(metrics.metric_of(limit.metric).instruments) <= set(instruments)
            else BudgetResult(limit.metric, _allowed(limit, payload), None, limit.level, "not_judged"),
            text=limit.text,
            message=limit.message,
            origin=limit.origin,
        )
        for limit in limits
    )


def _allowed(limit: Limit, payload: Payload) -> float:
    """In payloads."""
    return limit.payloads if limit.payloads is not None else (limit.size_bytes or 0) / payload.logical_bytes


def _judge_one(limit: Limit, values: Mapping[str, float], payload: Payload, leads: Leads) -> BudgetResult:
    allowed, observed = _allowed(limit, payload), values.get(limit.metric)
    status = _status(observed, allowed + _slack(limit.metric, values, payload))
    if status != "over":
        return BudgetResult(limit.metric, allowed, observed, limit.level, status)
    suspects = leads.suspects(limit.metric, allowed, values, payload.logical_bytes)
    return BudgetResult(limit.metric, allowed, observed, limit.level, status, suspects)


def _status(observed: float | None, allowed: float) -> BudgetStatus:
    """Within is what is so, and not what isn't otherwise: of NaN no comparison is true."""
    if observed is not None and observed <= allowed:
        return "within"
    return "over" if observed is not None and observed > allowed else "unmeasured"


def _slack(metric: str, values: Mapping[str, float], payload: Payload) -> float:
    """By how much a limit may be passed before it counts as exceeded.

    A slope says itself how exact it is.
    """
    noise = metrics.noise_bytes(metric) / payload.logical_bytes
    return min(noise, values.get("growth.margin", noise)) if metric.startswith("growth.") else noise


def verdict_of(budgets: Sequence[BudgetResult], limits: Sequence[Limit]) -> tuple[Verdict, str | None]:
    """The verdict on a scenario that was measured, and the reason if it isn't a clean one.

    A budget of which nothing could be judged is no pass. A scenario without any budget is measured for
    its table, and passes.
    """
    errors = [result for result in budgets if result.level == "error"]
    unmeasured = [result.metric for result in errors if result.status == "unmeasured"]
    if unmeasured:
        return "unmeasured", f"the budget has limits on what was not measured: {', '.join(unmeasured)}"
    if any(result.status == "over" for result in errors):
        return "fail", None
    # What takes no instrument says nothing of the read.
    of_the_read = [result for result in budgets if metrics.metric_of(result.metric).instruments]
    if limits and all(result.status == "not_judged" for result in of_the_read or budgets):
        return "unmeasured", (
            "none of its limits on the read could be judged with the instruments that were chosen"
        )
    return "pass", None
