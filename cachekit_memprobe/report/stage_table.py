"""The table of a scenario's stages: where each allocates, how much, and what tracemalloc sees of it."""

from dataclasses import dataclass, replace

from rich import box
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.model import Payload
from cachekit_memprobe.report.styles import HEADING, KIND_STYLES, QUIET
from cachekit_memprobe.report.view import (
    heap_measured,
    in_payloads,
    shown_stages,
    site_rows,
    traced,
)
from cachekit_memprobe.result import Result, StageUsage
from cachekit_memprobe.units import format_payloads

_HEADINGS = ("stage", "where", "copies", "kind", "survived", "traced")
_RIGHT = ("copies", "survived", "traced")
_WHERE = _HEADINGS.index("where")
_NARROWEST_WHERE = 16


@dataclass(frozen=True)
class _Row:
    """One line of the table as text; the fields are the columns."""

    stage: str
    where: str
    copies: str
    kind: str
    survived: str
    traced: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.stage, self.where, self.copies, self.kind, self.survived, self.traced)


def stage_table(result: Result, width: int) -> Table:
    """The stages that took part, ``other``, and the total. Paths lose leading folders where they must.

    Args:
        result: it must have stages.
        width: of the terminal, in columns.
    """
    rows = [row for stage in shown_stages(result) for row in _stage_rows(stage, result.payload)]
    total = _total(result)
    if not heap_measured(result):
        rows, total = [_unmeasured(row) for row in rows], _unmeasured(total)
    gap, room = _layout([*rows, total], width)
    table = Table(
        box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0), show_footer=True
    )
    for heading, cell in zip(_HEADINGS, total.cells, strict=True):
        table.add_column(
            Text(heading, style=HEADING),
            footer=Text(shorten_path(cell, room) if heading == "where" else cell, style=HEADING),
            justify="right" if heading in _RIGHT else "left",
            no_wrap=True,
        )
    for row in rows:
        table.add_row(*_styled(row, room))
    return table


def shorten_path(path: str, room: int) -> str:
    """A path that fits, without as many of its leading folders as it takes; at worst its tail."""
    if len(path) <= room:
        return path
    parts = path.split("/")
    for first in range(1, len(parts)):
        short = "/".join(("...", *parts[first:]))
        if len(short) <= room:
            return short
    return "..." + path[len(path) - max(0, room - 3) :]


def _stage_rows(stage: StageUsage, payload: Payload | None) -> list[_Row]:
    rows = [
        _Row("", site.where, format_payloads(site.copies), site.kind, format_payloads(site.survived), "")
        for site in site_rows(stage, payload)
    ]
    return [replace(rows[0], stage=stage.name, traced=traced(stage, payload)), *rows[1:]]


def _unmeasured(row: _Row) -> _Row:
    """Without memray: a figure of the heap is unknown, not 0."""
    return replace(row, copies="-", survived="-")


def _total(result: Result) -> _Row:
    copies = sum(stage.copies_bytes for stage in result.stages)
    survived = sum(stage.survived_bytes for stage in result.stages)
    verbatim = sum(stage.verbatim_bytes or 0 for stage in result.stages)
    examined = any(stage.verbatim_bytes is not None for stage in result.stages)
    return _Row(
        "total",
        f"verbatim {format_payloads(in_payloads(verbatim, result.payload))}" if examined else "",
        format_payloads(in_payloads(copies, result.payload)),
        "",
        format_payloads(in_payloads(survived, result.payload)),
        "",
    )


def _layout(rows: list[_Row], width: int) -> tuple[int, int]:
    """The gap between columns, 3 to 1, and the room for ``where``: what lets the longest path stay whole."""
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *(row.cells for row in rows), strict=True)]
    others = sum(widths) - widths[_WHERE]
    for gap in (3, 2, 1):
        room = width - others - gap * (len(_HEADINGS) - 1)
        if widths[_WHERE] <= room:
            break
    return gap, max(room, _NARROWEST_WHERE)


def _styled(row: _Row, room: int) -> list[Text]:
    # Nothing allocated: the row is there to say so, and should not compete with those that did.
    style = QUIET if row.copies == format_payloads(0) and not row.kind else ""
    styles = {"stage": style or HEADING, "kind": KIND_STYLES.get(row.kind.partition(" ")[0], "")}
    cells = zip(_HEADINGS, row.cells, strict=True)
    return [
        Text(shorten_path(cell, room) if heading == "where" else cell, style=styles.get(heading, style))
        for heading, cell in cells
    ]
