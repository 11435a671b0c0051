"""A scenario's budget against what was observed, one line a limit, with where to look below it."""

from rich.console import Group
from rich.text import Text

from cachekit_memprobe.model import BudgetResult, Result, RunOptions
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.styles import HEADING, OVER, QUIET, WARNING, WITHIN
from cachekit_memprobe.report.view import AS_DEPLOYED, is_rss, left_out, metric_label
from cachekit_memprobe.units import format_payloads

_FIGURES = ("limit", "observed", "excess")
_FIGURE_WIDTHS = (7, 10, 9)


def budget_lines(result: Result, options: RunOptions, width: int) -> Group:
    """One line a limit: metric, limit, observed, by how much it is exceeded, status, where to look."""
    unasked = left_out(result, options)
    if not result.budgets and not unasked:
        return Group(Text("budget: none, so nothing that is measured can fail", style=QUIET))
    lines = _judged(result.budgets, options, width) if result.budgets else []
    if unasked:
        words = f"left out, for want of the instruments: {', '.join(map(metric_label, unasked))}"
        lines.append(Text(words, style=WARNING))
    return Group(*lines)


def _judged(budgets: tuple[BudgetResult, ...], options: RunOptions, width: int) -> list[Text]:
    label_width = max(len("budget"), *(len(metric_label(limit.metric)) for limit in budgets))
    lines = [Text("budget".ljust(label_width) + _right(_FIGURES) + "  status", style=HEADING)]
    numbers = [_numbers(limit, label_width) for limit in budgets]
    remarks = [_remarks(limit, options) for limit in budgets]
    indent = max(line.cell_len for line in numbers) + 2
    beside = indent + max(len(", ".join(words)) for words in remarks) <= width
    for line, words in zip(numbers, remarks, strict=True):
        lines.append(line)
        if beside and words:
            line.pad_right(indent - line.cell_len)
            line.append(", ".join(words), style=QUIET)
        else:
            lines.extend(Text(f"    {remark}", style=QUIET) for remark in words)
    return lines


def _numbers(limit: BudgetResult, label_width: int) -> Text:
    return Text.assemble(
        metric_label(limit.metric).ljust(label_width),
        _right((format_payloads(limit.limit), _observed(limit), _excess(limit))),
        "  ",
        _status(limit),
    )


def _remarks(limit: BudgetResult, options: RunOptions) -> list[str]:
    remarks = [f"see {clean_line(limit.where)}"] if limit.where else []
    if options.as_deployed and is_rss(limit.metric):
        remarks.append(AS_DEPLOYED)
    return remarks


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
    return Text("within", style=WITHIN)
