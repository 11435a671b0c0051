"""A scenario's budget as lines, with where to look beside each or below it."""

from collections.abc import Sequence

from rich.console import Group
from rich.text import Text

from cachekit_memprobe.report.layout import labelled
from cachekit_memprobe.report.styles import HEADING, OVER, QUIET, WARNING, WITHIN
from cachekit_memprobe.report.words.budget import NO_BUDGET, BudgetRow

_FIGURES = ("limit", "observed", "excess")
_FIGURE_WIDTHS = (7, 10, 9)
_GAP = 2


def budget_lines(rows: Sequence[BudgetRow], within: Sequence[str], width: int) -> Group:
    """One line a limit: metric, limit, observed, by how much it is exceeded, status, where to look.

    Args:
        within: the metrics of limits that are kept to and have no line of their own.
    """
    if not rows and not within:
        return Group(Text(NO_BUDGET, style=QUIET))
    kept = [labelled("within", ", ".join(within))] if within else []
    return Group(*(_lines(rows, width) if rows else ()), *kept)


def _lines(rows: Sequence[BudgetRow], width: int) -> list[Text]:
    names = _names(rows, width)
    lines = [Text(names[0] + _right(_FIGURES) + "  status", style=HEADING)]
    numbers = [_numbers(row, name) for row, name in zip(rows, names[1:], strict=True)]
    indent = max(line.cell_len for line in numbers) + _GAP
    beside = indent + max(len(", ".join(row.remarks)) for row in rows) <= width
    for line, row in zip(numbers, rows, strict=True):
        lines.append(line)
        if beside and row.remarks:
            line.pad_right(indent - line.cell_len)
            line.append(", ".join(row.remarks), style=QUIET)
        else:
            lines.extend(Text(f"    {remark}", style=QUIET) for remark in row.remarks)
    return lines


def _names(rows: Sequence[BudgetRow], width: int) -> list[str]:
    """A heading and each metric as ``--budget`` takes it, with what it is called where there is room."""
    names = _column(["budget", *(row.metric for row in rows)])
    labels = _column(["", *(row.label for row in rows)])
    figures = sum(_FIGURE_WIDTHS) + _GAP + max(len(row.words) for row in rows)
    if len(names[0]) + _GAP + len(labels[0]) + figures > width:
        return names
    return [f"{name}{' ' * _GAP}{label}" for name, label in zip(names, labels, strict=True)]


def _column(cells: list[str]) -> list[str]:
    """All as wide as the widest."""
    width = max(map(len, cells))
    return [cell.ljust(width) for cell in cells]


def _numbers(row: BudgetRow, name: str) -> Text:
    figures = _right((row.limit, row.observed, row.excess))
    return Text.assemble(name, figures, "  ", Text(row.words, style=_style(row)))


def _right(figures: tuple[str, ...]) -> str:
    return "".join(figure.rjust(width) for figure, width in zip(figures, _FIGURE_WIDTHS, strict=True))


def _style(row: BudgetRow) -> str:
    if row.status == "within":
        return WITHIN
    return OVER if row.status == "over" and row.level != "warn" else WARNING
