"""Hold a scenario's budget against its metrics."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from cachekit_memprobe import metrics
from cachekit_memprobe.budget.suspects import suspect_of
from cachekit_memprobe.child.seen import Cycle, Kept
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.model import Limit, Payload
from cachekit_memprobe.result import BudgetResult, BudgetStatus, StageUsage, Verdict

_NONE: Mapping[str, Place] = MappingProxyType({})


def judge(
    limits: Sequence[Limit],
    values: Mapping[str, float],
    payload: Payload,
    stages: Sequence[StageUsage],
    instruments: Sequence[str],
    kept: Sequence[Kept] = (),
    cycles: Sequence[Cycle] = (),
    named: Mapping[str, Place] = _NONE,
) -> tuple[BudgetResult, ...]:
    """One result for each limit.

    Args:
        values: metric name to payloads.
        instruments: what the user chose to run; limits on others' metrics are not judged, and not passed.
        kept, cycles: who was found to keep memory of the read, and what leaves it to the garbage collector,
            as the aliasing instrument saw it.
        named: the suspect of a metric that an instrument names by itself.
    """
    maps_bytes = _unknown_maps(values) * payload.logical_bytes

    def suspect(metric: str) -> Place | None:
        return named.get(metric) or suspect_of(metric, stages, kept, cycles, maps_bytes)

    return tuple(
        _judge_one(limit, values, payload, suspect)
        if set(metrics.metric_of(limit.metric).instruments) <= set(instruments)
        else BudgetResult(limit.metric, _allowed(limit, payload), None, limit.level, "not_judged")
        for limit in limits
    )


def _allowed(limit: Limit, payload: Payload) -> float:
    """In payloads."""
    return limit.payloads if limit.payloads is not None else (limit.size_bytes or 0) / payload.logical_bytes


def _judge_one(
    limit: Limit,
    values: Mapping[str, float],
    payload: Payload,
    suspect: Callable[[str], Place | None],
) -> BudgetResult:
    allowed, observed = _allowed(limit, payload), values.get(limit.metric)
    status: BudgetStatus = "unmeasured"
    if observed is not None:
        status = "over" if observed > allowed + _slack(limit.metric, values, payload) else "within"
    first = suspect(limit.metric) if status == "over" else None
    return BudgetResult(limit.metric, allowed, observed, limit.level, status, first)


def _slack(metric: str, values: Mapping[str, float], payload: Payload) -> float:
    """By how much a limit may be passed before it counts as exceeded.

    A slope says itself how exact it is.
    """
    noise = metrics.noise_bytes(metric) / payload.logical_bytes
    return min(noise, values.get("growth.margin", noise)) if metric.startswith("growth.") else noise


def _unknown_maps(values: Mapping[str, float]) -> float:
    """Resident of maps of which no line is known, in payloads."""
    kinds = ("file", "shared")
    return max(values.get(f"rss.{kind}", 0.0) - values.get(f"mapped.{kind}", 0.0) for kind in kinds)


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
    if limits and all(result.status == "not_judged" for result in budgets):
        return "unmeasured", ("none of its limits could be judged with the instruments that were chosen")
    return "pass", None
