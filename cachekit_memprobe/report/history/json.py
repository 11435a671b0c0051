"""A history as JSON. Sizes are in bytes, figures in payloads have four decimals; points in their order."""

from typing import Any

from cachekit_memprobe.child.printable import json_text
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.history import (
    Cell,
    History,
    HistoryCheck,
    Point,
    Regression,
    ScenarioHistory,
    Step,
    StepLine,
)
from cachekit_memprobe.report.view import rounded

SCHEMA_VERSION = 1
"""Raised when a key changes its meaning or goes; a new key doesn't raise it."""


def history_json(history: History) -> str:
    """The whole history, a line break at its end."""
    labels = [point.label for point in history.points]
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": history.tool_version,
        "created": history.created,
        "axis": history.axis,
        "held": dict(history.held),
        "options": {
            "instruments": list(history.instruments),
            "reads": history.reads,
            "repeat": history.repeat,
        },
        "notes": list(history.notes),
        "points": [_point(point) for point in history.points],
        "scenarios": [_scenario(one, labels) for one in history.scenarios],
        "checks": [_check(one, labels) for one in history.checks],
    }
    return json_text(document, indent=2)


def _point(point: Point) -> dict[str, Any]:
    return {
        "label": point.label,
        "cachekit": point.spec,
        "with": list(point.extras),
        "published": point.uploaded or None,
        "yanked": point.is_yanked,
        "versions": dict(point.versions),
        "reason": point.reason or None,
    }


def _scenario(scenario: ScenarioHistory, labels: list[str]) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "summary": scenario.summary,
        "figures": [_cell(cell, label) for cell, label in zip(scenario.cells, labels, strict=True)],
        "steps": [_step(step, labels) for step in scenario.steps],
        "regressions": [_regression(one, labels) for one in scenario.regressions],
    }


def _cell(cell: Cell, label: str) -> dict[str, Any]:
    return {
        "point": label,
        "verdict": cell.verdict,
        "reason": cell.reason or None,
        "payload_bytes": cell.payload_bytes,
        "metrics": {
            name: {"payloads": rounded(figure), "bytes": cell.bytes_of(name)}
            for name, figure in cell.metrics.items()
        },
        "run": cell.run or None,
    }


def _step(step: Step, labels: list[str]) -> dict[str, Any]:
    return {
        "metric": step.metric,
        "from": labels[step.base],
        "to": labels[step.new],
        "before": rounded(step.before),
        "after": rounded(step.after),
        "change": rounded(step.change),
        "change_bytes": step.change_bytes,
        "chance_bytes": step.chance_bytes,
        "kind": step.kind,
        "drift": step.is_drift,
        "lines": [_line(line) for line in step.lines],
    }


def _line(line: StepLine) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "function": line.place.function or None,
        "source": line.source or None,
        "change": rounded(line.change),
        "change_bytes": line.change_bytes,
        "base": _place(line.base),
        "new": _place(line.new),
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"stage": place.stage or None, "file": place.file or None, "line": place.line or None}


def _regression(one: Regression, labels: list[str]) -> dict[str, Any]:
    return {
        "metric": one.metric,
        "best": labels[one.best],
        "newest": labels[one.newest],
        "before": rounded(one.before),
        "after": rounded(one.after),
        "change": rounded(one.after - one.before),
        "change_bytes": one.change_bytes,
        "since": labels[one.since.new] if one.since else None,
    }


def _check(one: HistoryCheck, labels: list[str]) -> dict[str, Any]:
    return {
        "metric": one.allowance.metric,
        "scenario": one.scenario,
        "status": one.status,
        "allowed": None if one.allowed is None else rounded(one.allowed),
        "change": None if one.change is None else rounded(one.change),
        "best": None if one.best is None else labels[one.best],
        "newest": None if one.newest is None else labels[one.newest],
        "reason": one.reason or None,
    }
