"""A scenario's budget against what was observed, one line a limit, with where to look below it."""

from rich.console import Group
from rich.text import Text

from cachekit_memprobe.model import Payload, RunOptions
from cachekit_memprobe.report.styles import HEADING, OVER, QUIET, WARNING, WITHIN
from cachekit_memprobe.report.view import AS_DEPLOYED, in_payloads, is_rss, metric_label, suspect_words
from cachekit_memprobe.result import BudgetResult, Result
from cachekit_memprobe.units import format_payloads

_FIGURES = ("limit", "observed", "excess")
_FIGURE_WIDTHS = (7, 10, 9)
_GAP = 2


def budget_lines(result: Result, options: RunOptions, width: int) -> Group:
    """One line a limit: metric, limit, observed, by how much it is exceeded, status, where to look."""
    if not result.budgets:
        return Group(Text("budget: none, so nothing that is measured can fail", style=QUIET))
    return Group(*_lines(result, options, width))


def _lines(result: Result, options: RunOptions, width: int) -> list[Text]:
    budgets, payload = result.budgets, result.payload
    names = _names(budgets, width)
    lines = [Text(names[0] + _right(_FIGURES) + "  status", style=HEADING)]
    numbers = [_numbers(limit, name) for limit, name in zip(budgets, names[1:], strict=True)]
    remarks = [_remarks(limit, options, payload) for limit in budgets]
    indent = max(line.cell_len for line in numbers) + _GAP
    beside = indent + max(len(", ".join(words)) for words in remarks) <= width
    for line, words in zip(numbers, remarks, strict=True):
        lines.append(line)
        if beside and words:
            line.pad_right(indent - line.cell_len)
            line.append(", ".join(words), style=QUIET)
        else:
            lines.extend(Text(f"    {remark}", style=QUIET) for remark in words)
    return lines


def _names(budgets: tuple[BudgetResult, ...], width: int) -> list[str]:
    """A heading and each metric as ``--budget`` takes it, with what it is called where there is room."""
    names = _column(["budget", *(limit.metric for limit in budgets)])
    labels = _column(["", *(metric_label(limit.metric) for limit in budgets)])
    figures = sum(_FIGURE_WIDTHS) + _GAP + max(_status(limit).cell_len for limit in budgets)
    if len(names[0]) + _GAP + len(labels[0]) + figures > width:
        return names
    return [f"{name}{' ' * _GAP}{label}" for name, label in zip(names, labels, strict=True)]


def _column(cells: list[str]) -> list[str]:
    """All as wide as the widest."""
    width = max(map(len, cells))
    return [cell.ljust(width) for cell in cells]


def _numbers(limit: BudgetResult, name: str) -> Text:
    return Text.assemble(
        name,
        _right((format_payloads(limit.limit), _observed(limit), _excess(limit))),
        "  ",
        _status(limit),
    )


def _remarks(limit: BudgetResult, options: RunOptions, payload: Payload | None) -> list[str]:
    remarks = _where(limit, payload)
    if options.as_deployed and is_rss(limit.metric):
        remarks.append(AS_DEPLOYED)
    return remarks


def _where(limit: BudgetResult, payload: Payload | None) -> list[str]:
    """Where to look first and next, each with its part of the figure, on a line of its own."""
    if limit.status == "over" and not limit.suspects:
        return ["no line is known that explains it"]
    words: list[str] = []
    for suspect in limit.suspects:
        size = "" if suspect.size_bytes is None else f", {_payloads(suspect.size_bytes, payload)}"
        words.append(f"{'and' if words else 'see'} {suspect_words(suspect.place)}{size}")
    return words


def _payloads(size_bytes: int, payload: Payload | None) -> str:
    return format_payloads(in_payloads(size_bytes, payload))


def _right(figures: tuple[str, ...]) -> str:
    return "".join(figure.rjust(width) for figure, width in zip(figures, _FIGURE_WIDTHS, strict=True))


def _observed(limit: BudgetResult) -> str:
    return "-" if limit.observed is None else format_payloads(limit.observed)


def _excess(limit: BudgetResult) -> str:
    return f"+{format_payloads(limit.excess)}" if limit.status == "over" else ""


def _status(limit: BudgetResult) -> Text:
    if limit.status == "over" and limit.level == "warn":
        return Text("over (warning)", style=WARNING)
    if limit.status == "over":
        return Text("OVER", style=OVER)
    if limit.status == "unmeasured":
        return Text("not measured", style=WARNING)
    if limit.status == "not_judged":
        return Text("not judged", style=WARNING)
    return Text("within", style=WITHIN)
