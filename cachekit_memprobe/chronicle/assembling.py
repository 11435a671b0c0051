"""What was measured at each point, put together to a History."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from cachekit_memprobe import __version__
from cachekit_memprobe.chronicle.plan import Plan
from cachekit_memprobe.comparing import checks_of, regressions_of, steps_of
from cachekit_memprobe.history import Cell, History, HistoryCheck, Point, ScenarioHistory
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.result import Result


@dataclass(frozen=True)
class Done:
    """A point that was measured, with the results by scenario and the runs that have them.

    Attributes:
        measured: how many of the results are new.
    """

    point: Point
    results: Mapping[str, Result]
    runs: Mapping[str, str]
    measured: int = 0


def assembled(plan: Plan, done: Sequence[Done], folder: Path | None = None) -> History:
    """The history of points that are done.

    Args:
        folder: has the run folders of the points.
    """
    scenarios = tuple(_scenario(plan, scenario, done) for scenario in plan.scenarios)
    return History(
        tool_version=__version__,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        axis=plan.axis,
        points=tuple(one.point for one in done),
        scenarios=tuple(scenario for scenario, _ in scenarios),
        held=_held([one.point for one in done]),
        instruments=plan.options.instruments,
        reads=plan.options.reads,
        repeat=plan.options.repeat,
        checks=tuple(check for _, checks in scenarios for check in checks),
        notes=plan.notes,
        folder=folder,
    )


def lean(result: Result) -> Result:
    """Without what no step is told by: of all points, it would be too much to have at hand."""
    return replace(result, staircase=None, resident=(), findings=(), budgets=(), notes=())


def _held(points: Sequence[Point]) -> dict[str, str]:
    """What is the same at all points that were measured."""
    versions = [point.versions for point in points if point.versions]
    if not versions:
        return {}
    return {
        name: text
        for name, text in versions[0].items()
        if name != "cachekit" and all(one.get(name) == text for one in versions)
    }


def _scenario(
    plan: Plan, scenario: Scenario, done: Sequence[Done]
) -> tuple[ScenarioHistory, tuple[HistoryCheck, ...]]:
    found = [one.results[scenario.name] for one in done]
    measured = [one if one.metrics else None for one in found]
    deployed = plan.options.as_deployed
    steps = steps_of(measured, deployed=deployed)
    history = ScenarioHistory(
        name=scenario.name,
        summary=scenario.summary,
        cells=tuple(_cell(result, one.runs) for result, one in zip(found, done, strict=True)),
        steps=steps,
        regressions=regressions_of(scenario.name, measured, steps, deployed=deployed),
    )
    if found[-1].verdict == "not_applicable":
        return history, ()
    why_not = found[-1].reason or "it could not be measured at the newest point"
    checks = checks_of(scenario.name, measured, plan.allowances, why_not, deployed=deployed)
    return history, tuple(checks)


def _cell(result: Result, runs: Mapping[str, str]) -> Cell:
    return Cell(
        verdict=result.verdict,
        payload_bytes=result.payload.logical_bytes if result.payload else None,
        metrics=result.metrics,
        reason=result.reason or "" if not result.metrics else "",
        run=runs.get(result.scenario.name, ""),
    )
