"""The table of a scenario's stages: where each allocates, how much, and its peak in tracemalloc."""

from collections.abc import Sequence
from dataclasses import astuple

from rich import box
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.report.styles import HEADING, KIND_STYLES, QUIET
from cachekit_memprobe.report.words import StageRow

_HEADINGS = ("stage", "where", "copies", "kind", "survived", "traced")
_RIGHT = ("copies", "survived", "traced")
_WHERE = _HEADINGS.index("where")
_NARROWEST_WHERE = 16


def stage_table(rows: Sequence[StageRow], total: StageRow, width: int) -> Table:
    """The rows, and the total as a footer. Paths lose leading folders where they must.

    Args:
        width: of the terminal, in columns.
    """
    gap, room = _layout([*rows, total], width)
    table = Table(
        box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0), show_footer=True
    )
    for heading, cell in zip(_HEADINGS, astuple(total), strict=True):
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


def _layout(rows: list[StageRow], width: int) -> tuple[int, int]:
    """The gap between columns, 3 to 1, and the room for ``where``: what lets the longest path stay whole."""
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *map(astuple, rows), strict=True)]
    others = sum(widths) - widths[_WHERE]
    for gap in (3, 2, 1):
        room = width - others - gap * (len(_HEADINGS) - 1)
        if widths[_WHERE] <= room:
            break
    return gap, max(room, _NARROWEST_WHERE)


def _styled(row: StageRow, room: int) -> list[Text]:
    # It should not compete with the rows that did allocate.
    style = QUIET if row.is_quiet else ""
    styles = {"stage": style or HEADING, "kind": KIND_STYLES.get(row.kind.partition(" ")[0], "")}
    cells = zip(_HEADINGS, astuple(row), strict=True)
    return [
        Text(shorten_path(cell, room) if heading == "where" else cell, style=styles.get(heading, style))
        for heading, cell in cells
    ]
