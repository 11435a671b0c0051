"""The newest point of a history against the best one before it."""

from collections.abc import Iterator, Sequence

from cachekit_memprobe.comparing.allowances import judged
from cachekit_memprobe.comparing.changes import change_of
from cachekit_memprobe.comparing.steps import NO_FIGURES_OF_A_READ, change_in
from cachekit_memprobe.comparison import Allowance, ScenarioComparison
from cachekit_memprobe.history import HistoryCheck, Regression, Step
from cachekit_memprobe.metrics import metric_of
from cachekit_memprobe.result import Result


def regressions_of(
    scenario: str, results: Sequence[Result | None], steps: Sequence[Step], *, deployed: bool = False
) -> tuple[Regression, ...]:
    """The figures of the newest point that are worse than at the best one before.

    Only those of whole reads: a stage may take what another has given up.
    """
    newest = max((number for number, one in enumerate(results) if one is not None), default=0)
    after = results[newest] if results else None
    if after is None:
        return ()
    found = (
        _regression(scenario, name, results, newest, steps, deployed)
        for name in after.metrics
        if not metric_of(name).per_stage
    )
    return tuple(one for one in found if one is not None)


def best_of(name: str, results: Sequence[Result | None], before: int) -> int | None:
    """The point with the least of a metric before another, the last of several that are as good."""
    figures = [
        (one.metrics[name], -number)
        for number, one in enumerate(results[:before])
        if one is not None and name in one.metrics
    ]
    return -min(figures)[1] if figures else None


def _regression(
    scenario: str,
    name: str,
    results: Sequence[Result | None],
    newest: int,
    steps: Sequence[Step],
    deployed: bool,
) -> Regression | None:
    best = best_of(name, results, newest)
    before, after = results[best] if best is not None else None, results[newest]
    if name in NO_FIGURES_OF_A_READ or best is None or before is None or after is None:
        return None
    change = change_in(name, before, after, deployed=deployed)
    if change is None or change.answer != "more" or change.base is None or change.new is None:
        return None
    worse = [step for step in steps if step.metric == name and step.new > best and step.change > 0]
    return Regression(
        scenario,
        name,
        best,
        newest,
        change.base,
        change.new,
        change.change_bytes,
        since=worse[-1] if worse else None,
    )


def checks_of(
    scenario: str,
    results: Sequence[Result | None],
    allowances: Sequence[Allowance],
    why_not: str,
    *,
    deployed: bool = False,
) -> Iterator[HistoryCheck]:
    """One for each allowance, held against one scenario at the last point.

    Args:
        why_not: why there are no figures at the last point, if there are none.
    """
    newest = len(results) - 1
    after = results[newest]
    for allowance in allowances:
        best = best_of(allowance.metric, results, newest)
        before = results[best] if best is not None else None
        if after is None or allowance.metric not in after.metrics or before is None:
            reason = why_not if after is None else "no earlier point has the figure"
            if after is not None and allowance.metric not in after.metrics:
                reason = "it was not measured at the newest point"
            yield HistoryCheck(allowance, scenario, "unmeasured", newest=newest, reason=reason)
            continue
        change = change_of(allowance.metric, before, after, deployed=(deployed, deployed))
        found = judged(allowance, ScenarioComparison(scenario, before, after, changes=(change,)))
        yield HistoryCheck(**vars(found), best=best, newest=newest)
