"""A History as rows for pandas, DuckDB and others: one for each point, scenario and metric."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cachekit_memprobe.history import Cell, History, Point, ScenarioHistory
from cachekit_memprobe.report.rows import as_text
from cachekit_memprobe.report.view import rounded

if TYPE_CHECKING:
    import pyarrow as pa

_VERSIONS = ("cachekit", "python", "pyarrow", "pandas", "numpy", "memray")
COLUMNS = {
    "axis": "string",
    "number": "int32",
    "point": "string",
    "published": "string",
    "yanked": "bool",
    **dict.fromkeys(_VERSIONS, "string"),
    "scenario": "string",
    "verdict": "string",
    "reason": "string",
    "payload_bytes": "int64",
    "metric": "string",
    "payloads": "double",
    "bytes": "int64",
    "step": "double",
    "step_bytes": "int64",
    "run": "string",
}
"""The columns in their order, each with its type. ``step`` is by how much the figure differs from the point
before, in payloads, and null where that is no step."""


def history_schema() -> "pa.Schema":
    """That of the table."""
    import pyarrow as pa

    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])


def history_table(history: History) -> "pa.Table":
    """The rows. What was not measured is null, and a cell without any figure has one row."""
    import pyarrow as pa

    return pa.Table.from_pylist(list(_rows(history)), schema=history_schema())


def _rows(history: History) -> Iterator[dict[str, Any]]:
    for scenario in history.scenarios:
        for number, (point, cell) in enumerate(zip(history.points, scenario.cells, strict=True)):
            whole = {"axis": history.axis, **_point(point, number), **_cell(scenario, cell)}
            steps = {step.metric: step for step in scenario.steps_at(number)}
            for metric in cell.metrics or ("",):
                step = steps.get(metric)
                row = {
                    **whole,
                    "metric": metric or None,
                    "payloads": rounded(cell.metrics[metric]) if metric else None,
                    "bytes": cell.bytes_of(metric),
                    "step": rounded(step.change) if step else None,
                    "step_bytes": step.change_bytes if step else None,
                }
                yield {
                    name: as_text(value) if isinstance(value, str) else value for name, value in row.items()
                }


def _point(point: Point, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "point": point.label,
        "published": point.uploaded or None,
        "yanked": point.is_yanked,
        **{name: point.versions.get(name) for name in _VERSIONS},
    }


def _cell(scenario: ScenarioHistory, cell: Cell) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "verdict": cell.verdict,
        "reason": cell.reason or None,
        "payload_bytes": cell.payload_bytes,
        "run": cell.run or None,
    }
