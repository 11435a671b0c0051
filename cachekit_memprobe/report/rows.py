"""A Report as rows for pandas, DuckDB and others: one for each scenario and metric of a run."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cachekit_memprobe.report.view import rounded
from cachekit_memprobe.result import Report, Result

if TYPE_CHECKING:
    import pyarrow as pa

VERSIONS = ("cachekit", "cachekit_state", "python", "pyarrow", "pandas", "numpy", "memray", "platform")
"""Of the target's, those that have a column."""

COLUMNS = {
    "run_id": "string",
    "created": "timestamp",
    "tool_version": "string",
    **dict.fromkeys(VERSIONS, "string"),
    "as_deployed": "bool",
    "scenario": "string",
    "variant_of": "string",
    "size": "string",
    "axes": "string",
    "verdict": "string",
    "reason": "string",
    "payload_bytes": "int64",
    "frame_bytes": "int64",
    "metric": "string",
    "payloads": "double",
    "bytes": "int64",
    "spread": "double",
    "limit": "double",
    "level": "string",
    "status": "string",
}
"""The columns in their order, each with its type."""


def schema() -> "pa.Schema":
    """That of the table; a time is of UTC."""
    import pyarrow as pa

    def type_of(kind: str) -> "pa.DataType":
        return pa.timestamp("ms", tz="UTC") if kind == "timestamp" else pa.type_for_alias(kind)

    return pa.schema([(name, type_of(kind)) for name, kind in COLUMNS.items()])


def table_of(report: Report, run_id: str) -> "pa.Table":
    """The rows of a run. What was not measured is null, and a scenario without any figure has one row."""
    import pyarrow as pa

    return pa.Table.from_pylist(list(_rows(report, run_id)), schema=schema())


def _rows(report: Report, run_id: str) -> Iterator[dict[str, Any]]:
    run = report.run
    whole = {
        "run_id": run_id,
        "created": _moment(run.created),
        "tool_version": report.tool_version,
        **{name: run.target.versions.get(name) for name in VERSIONS},
        "as_deployed": run.options.as_deployed,
    }
    for result in report.results:
        described = {**whole, **_scenario(result)}
        for metric in _metrics(result):
            row = {**described, **_figure(result, metric)}
            yield {name: as_text(value) if isinstance(value, str) else value for name, value in row.items()}


def _metrics(result: Result) -> tuple[str, ...]:
    """All that were measured or have a limit; an empty one of a result that has neither."""
    named = dict.fromkeys((*result.metrics, *(limit.metric for limit in result.budgets)))
    return tuple(named) or ("",)


def _scenario(result: Result) -> dict[str, Any]:
    variant, payload = result.scenario.variant, result.payload
    axes = variant.axes if variant else {}
    return {
        "scenario": result.scenario.name,
        "variant_of": variant.of if variant else None,
        "size": (variant.size or None) if variant else None,
        "axes": ",".join(f"{key}={value}" for key, value in axes.items()) or None,
        "verdict": result.verdict,
        "reason": result.reason,
        "payload_bytes": payload.logical_bytes if payload else None,
        "frame_bytes": payload.frame_bytes if payload else None,
    }


def _figure(result: Result, metric: str) -> dict[str, Any]:
    """As in JSON: payloads with four decimals, and the bytes that they stand for."""
    payloads, payload = result.metrics.get(metric), result.payload
    limit = next((one for one in result.budgets if one.metric == metric), None)
    return {
        "metric": metric or None,
        "payloads": None if payloads is None else rounded(payloads),
        "bytes": round(payloads * payload.logical_bytes) if payloads is not None and payload else None,
        "spread": rounded(result.spread[metric]) if metric in result.spread else None,
        "limit": rounded(limit.limit) if limit else None,
        "level": limit.level if limit else None,
        "status": limit.status if limit else None,
    }


def _moment(created: str) -> datetime | None:
    try:
        return datetime.fromisoformat(created)
    except ValueError:
        return None


def as_text(text: str) -> str:
    """Without halves of surrogate pairs, which undecodable names of files have and UTF-8 has not."""
    return text.encode("utf-8", "replace").decode("utf-8")
