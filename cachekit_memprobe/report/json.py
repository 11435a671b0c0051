"""A Report as JSON, for CI and for scripts. Sizes are in bytes, figures in payloads have four decimals."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cachekit_memprobe.child.printable import json_text
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.task import Call
from cachekit_memprobe.fingerprint import fingerprint_of
from cachekit_memprobe.model import Payload, Scenario
from cachekit_memprobe.report.view import heap_measured, in_payloads, public_spec, rounded
from cachekit_memprobe.result import BudgetResult, Finding, Report, Result, SiteUsage, StageUsage, Staircase
from cachekit_memprobe.sweep import Estimate, Line, Prediction, Scaling
from cachekit_memprobe.variables import UNRECORDED

SCHEMA_VERSION = 2
"""Raised when a key changes its meaning or goes; a new key doesn't raise it."""


_LIST_OF_NUMBERS = re.compile(r"(?<=\[)\n\s*\d+(?:,\n\s*\d+)*\n\s*(?=\])")
"""As it is indented, a line for each number."""


def to_json(report: Report) -> str:
    """The whole report, a line break at its end. It names no path of the machine that measured."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "cachekit-memprobe", "version": report.tool_version},
        "created": report.run.created,
        "target": {"spec": public_spec(report.run.target), **report.run.target.versions},
        "fingerprint": asdict(fingerprint_of(report.run)),
        "options": asdict(report.run.options),
        "results": [_result(result, report.run.sweep.workers) for result in report.results],
        "sweep": asdict(report.run.sweep),
        "scaling": [_scaling(entry) for entry in report.scaling],
    }
    # No text has a line break in it here, so this finds lists and nothing else.
    return _LIST_OF_NUMBERS.sub(lambda found: " ".join(found.group().split()), json_text(document, indent=2))


def _result(result: Result, workers: int) -> dict[str, Any]:
    payload = result.payload
    return {
        "scenario": result.scenario.name,
        "variant": asdict(result.scenario.variant) if result.scenario.variant else None,
        "verdict": result.verdict,
        "reason": result.reason,
        "payload": _payload(payload) if payload else None,
        "definition": _definition(result.scenario) if result.scenario.value.kind else None,
        "file_holds": result.scenario.value.holds or None,
        "environment": {
            name: None if value == UNRECORDED else value
            for name, value in result.scenario.environment.items()
        },
        # Null where the saved measurement can't be read.
        "tier": result.scenario.read.tier or None,
        "route": result.scenario.read.route or None,
        "readers": result.scenario.read.readers if result.scenario.read.tier else None,
        "metrics": _rounded(result.metrics),
        "metrics_bytes": _metrics_bytes(result.metrics, payload),
        "spread": _rounded(result.spread),
        "repeats_bytes": _repeats_bytes(result.repeats, payload),
        "footprint": asdict(result.footprint) if result.footprint else None,
        "workers": _workers(result, workers),
        "read": result.read,
        "stages": [_stage(stage, result) for stage in result.stages],
        "budgets": [_budget(limit) for limit in result.budgets],
        "findings": [_finding(finding) for finding in result.findings],
        "notes": list(result.notes),
        "staircase": _staircase(result.staircase) if result.staircase else None,
    }


_NOT_OF_A_VALUE = ("file", "holds", "call")


def _definition(scenario: Scenario) -> dict[str, Any]:
    """What is read, and how, without where the user's own data is."""
    value = {name: entry for name, entry in asdict(scenario.value).items() if name not in _NOT_OF_A_VALUE}
    return {
        "value": value,
        "call": _call(scenario.value.call),
        "caching": asdict(scenario.caching),
        "read": asdict(scenario.read),
    }


def _call(call: Call | None) -> dict[str, Any] | None:
    """The user's own function, without where it lies."""
    if call is None:
        return None
    return {name: entry for name, entry in asdict(call).items() if name not in ("root", "paths")}


def _payload(payload: Payload) -> dict[str, int | None]:
    return {
        "logical_bytes": payload.logical_bytes,
        "frame_bytes": payload.frame_bytes,
        "rows": payload.rows,
    }


def _workers(result: Result, count: int) -> dict[str, int] | None:
    """What so many processes need; null when no number was asked for, or it isn't known."""
    if not count or result.footprint is None:
        return None
    found = result.footprint
    return {
        "count": count,
        "resting_bytes": found.resting_of(count),
        "reading_bytes": found.reading_of(count),
    }


def _rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: rounded(payloads) for name, payloads in metrics.items()}


def _metrics_bytes(metrics: Mapping[str, float], payload: Payload | None) -> dict[str, int]:
    if payload is None:
        return {}
    return {name: round(payloads * payload.logical_bytes) for name, payloads in metrics.items()}


def _repeats_bytes(repeats: Mapping[str, tuple[float, ...]], payload: Payload | None) -> dict[str, list[int]]:
    if payload is None:
        return {}
    return {name: [round(one * payload.logical_bytes) for one in each] for name, each in repeats.items()}


def _stage(stage: StageUsage, result: Result) -> dict[str, Any]:
    payload, largest = result.payload, stage.sites[0] if stage.sites else None
    # Of memray only; null when it didn't run, as 0 would say that there is nothing.
    heap = heap_measured(result)
    return {
        "name": stage.name,
        "calls": stage.calls,
        **_place(largest.place if largest else None),
        "source": _source(largest) if largest else None,
        "copies_bytes": stage.copies_bytes if heap else None,
        "copies": in_payloads(stage.copies_bytes, payload) if heap else None,
        "verbatim_bytes": stage.verbatim_bytes,
        "moved_bytes": stage.moved_bytes if heap and stage.verbatim_bytes is not None else None,
        "live_bytes": stage.live_bytes if heap else None,
        "survived_bytes": stage.survived_bytes if heap else None,
        "mapped_bytes": stage.mapped_bytes if heap else None,
        "shared_bytes": stage.shared_bytes if heap else None,
        "tracemalloc_bytes": stage.tracemalloc_bytes,
        "view_of": stage.view_of or None,
        "sites": [_site(site, payload, heap=heap) for site in stage.sites],
    }


def _site(site: SiteUsage, payload: Payload | None, *, heap: bool) -> dict[str, Any]:
    return {
        **_place(site.place),
        "source": _source(site),
        # Null where the aliasing instrument didn't run, which alone can tell.
        "kind": None if site.kind == "unproven" and site.verbatim_bytes is None else site.kind,
        "copies_bytes": site.copies_bytes if heap else None,
        "copies": in_payloads(site.copies_bytes, payload) if heap else None,
        "allocations": site.allocations if heap else None,
        "recycled_bytes": site.recycled_bytes if heap else None,
        "small_bytes": site.small_bytes if heap else None,
        "arenas": site.arenas if heap else None,
        "verbatim_bytes": site.verbatim_bytes,
        "moved_bytes": site.moved_bytes if heap and site.verbatim_bytes is not None else None,
        "memory_of": site.memory_of or None,
        "live_bytes": site.live_bytes if heap else None,
        "survived_bytes": site.survived_bytes if heap else None,
        "mapped_bytes": site.mapped_bytes if heap else None,
        "shared_bytes": site.shared_bytes if heap else None,
        "parts": [{**asdict(part), "copies": in_payloads(part.copies_bytes, payload)} for part in site.parts],
    }


def _source(site: SiteUsage) -> str | None:
    return site.source.strip() or None


def _budget(limit: BudgetResult) -> dict[str, Any]:
    return {
        "metric": limit.metric,
        "limit": rounded(limit.limit),
        "observed": None if limit.observed is None else rounded(limit.observed),
        "excess": rounded(limit.excess),
        "level": limit.level,
        "status": limit.status,
        "suspect": _located(limit.suspect) if limit.suspect else None,
        "suspects": [
            {**_located(suspect.place), "size_bytes": suspect.size_bytes} for suspect in limit.suspects
        ],
        "text": limit.text or None,
        "message": limit.message or None,
        "origin": asdict(limit.origin) if limit.origin else None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "message": finding.message, **_located(finding.place)}


def _staircase(staircase: Staircase) -> dict[str, Any]:
    return {
        "stages": list(staircase.stages),
        "steps_bytes": [list(step.live_bytes) for step in staircase.steps],
        "peak": staircase.peak,
        "spans": [asdict(span) for span in staircase.spans],
    }


def _place(place: Place | None) -> dict[str, str | int | None]:
    """What is not known is null."""
    if place is None:
        return {"function": None, "file": None, "line": None}
    return {"function": place.function or None, "file": place.file or None, "line": place.line or None}


def _located(place: Place | None) -> dict[str, str | int | None]:
    """A stage, and the line in it if it is one's."""
    found = _place(place)
    return {"stage": place.stage if place else None, "file": found["file"], "line": found["line"]}


def _scaling(scaling: Scaling) -> dict[str, Any]:
    return {
        "scenario": scaling.scenario,
        "sizes_bytes": list(scaling.sizes_bytes),
        "lines": [_line(line) for line in scaling.lines],
        "predictions": [_prediction(entry) for entry in scaling.predictions],
        "notes": list(scaling.notes),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "metric": line.metric,
        "slope": rounded(line.slope),
        "slope_error": None if line.slope_error is None else rounded(line.slope_error),
        "intercept_bytes": round(line.intercept_bytes),
        "intercept_error_bytes": _whole(line.intercept_error_bytes),
        "largest_residual": rounded(line.largest_residual),
        "is_line": line.is_line,
    }


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "logical_bytes": prediction.logical_bytes,
        "rss_peak": _estimate(prediction.growth),
        "rss_total": _estimate(prediction.process),
        "rows": prediction.rows,
        "cautions": list(prediction.cautions),
    }


def _estimate(estimate: Estimate | None) -> dict[str, int | None] | None:
    if estimate is None:
        return None
    return {"bytes": round(estimate.size_bytes), "margin_bytes": _whole(estimate.margin_bytes)}


def _whole(size_bytes: float | None) -> int | None:
    return None if size_bytes is None else round(size_bytes)
