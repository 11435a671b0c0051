"""A comparison as JSON. Sizes are in bytes, figures in payloads have four decimals; BASE comes before NEW."""

from typing import Any

from cachekit_memprobe.child.printable import json_text
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.comparison import AllowanceResult, Change, Comparison, ScenarioComparison, SiteChange
from cachekit_memprobe.fingerprint import fingerprint_of
from cachekit_memprobe.report.comparison.headline import direction_of, headline_of
from cachekit_memprobe.report.view import public_spec, rounded
from cachekit_memprobe.result import Finding, Report, Result, SiteUsage

SCHEMA_VERSION = 1
"""Raised when a key changes its meaning or goes; a new key doesn't raise it."""


def comparison_json(comparison: Comparison) -> str:
    """The whole comparison, a line break at its end."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "base": _side(comparison.base),
        "new": _side(comparison.new),
        "differences": [
            {"what": one.what, "base": one.base or None, "new": one.new or None}
            for one in comparison.differences
        ],
        "scenarios": [_scenario(scenario) for scenario in comparison.scenarios],
        "allowances": [_allowance(result) for result in comparison.allowances],
    }
    return json_text(document, indent=2)


def _side(report: Report) -> dict[str, Any]:
    return {
        "tool_version": report.tool_version,
        "created": report.run.created,
        "target": {"spec": public_spec(report.run.target), **report.run.target.versions},
        "fingerprint": fingerprint_of(report.run).digest,
    }


def _scenario(scenario: ScenarioComparison) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "verdict": _pair(*(one.verdict if one else None for one in (scenario.base, scenario.new))),
        "payload_bytes": _pair(_logical_bytes(scenario.base), _logical_bytes(scenario.new)),
        "direction": direction_of(scenario) or None,
        "headline": headline_of(scenario),
        "reason": scenario.reason or None,
        "metrics": {change.metric: _change(change, scenario) for change in scenario.changes},
        "sites": [_site_change(change) for change in scenario.sites],
        "findings_gone": [_finding(finding) for finding in scenario.findings_gone],
        "findings_new": [_finding(finding) for finding in scenario.findings_new],
    }


def _pair(base: Any, new: Any) -> dict[str, Any]:
    return {"base": base, "new": new}


def _logical_bytes(result: Result | None) -> int | None:
    return result.payload.logical_bytes if result and result.payload else None


def _change(change: Change, scenario: ScenarioComparison) -> dict[str, Any]:
    return {
        "base": _rounded(change.base),
        "new": _rounded(change.new),
        "change": _rounded(change.change),
        "base_bytes": _in_bytes(change.base, scenario.base),
        "new_bytes": _in_bytes(change.new, scenario.new),
        "change_bytes": change.change_bytes,
        "answer": change.answer,
        "exactness": change.exactness,
        "chance_bytes": change.chance_bytes,
        "least_bytes": change.least_bytes,
        "most_bytes": change.most_bytes,
        "p_value": change.p_value,
        "reason": change.reason or None,
    }


def _rounded(payloads: float | None) -> float | None:
    return None if payloads is None else rounded(payloads)


def _in_bytes(payloads: float | None, result: Result | None) -> int | None:
    logical_bytes = _logical_bytes(result)
    return None if payloads is None or logical_bytes is None else round(payloads * logical_bytes)


def _site_change(change: SiteChange) -> dict[str, Any]:
    present = change.new or change.base
    assert present is not None
    return {
        "kind": change.kind,
        "function": present.place.function or None,
        "source": present.source.strip() or None,
        **_pair(_site(change.base), _site(change.new)),
    }


def _site(site: SiteUsage | None) -> dict[str, Any] | None:
    if site is None:
        return None
    return {
        **_place(site.place),
        "kind": site.kind,
        "copies_bytes": site.copies_bytes,
        "verbatim_bytes": site.verbatim_bytes,
        "mapped_bytes": site.mapped_bytes,
        "shared_bytes": site.shared_bytes,
    }


def _place(place: Place | None) -> dict[str, str | int | None]:
    if place is None:
        return {"stage": None, "file": None, "line": None}
    return {"stage": place.stage or None, "file": place.file or None, "line": place.line or None}


def _finding(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "message": finding.message, **_place(finding.place)}


def _allowance(result: AllowanceResult) -> dict[str, Any]:
    return {
        "metric": result.allowance.metric,
        "scenario": result.scenario,
        "allowed": _rounded(result.allowed),
        "change": _rounded(result.change),
        "status": result.status,
        "reason": result.reason or None,
    }
