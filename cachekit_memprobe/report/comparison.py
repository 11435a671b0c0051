"""The combinations of a matrix in one table, the best first, with what was skipped and what else changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.layout import bullets
from cachekit_memprobe.report.styles import HEADING, QUIET, VERDICT_STYLES
from cachekit_memprobe.report.view import AS_DEPLOYED
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.sweep import Variant
from cachekit_memprobe.units import format_payloads

METRICS = ("copies.total", "verbatim.total", "peak.heap", "rss.peak")
SHORT_VERDICTS = {"pass": "PASS", "fail": "FAIL", "unmeasured": "UNMEASURED", "not_applicable": "-"}
NO_BUDGET = "no budget"

_RANKED_BY = ("rss.peak", "peak.heap", "copies.total", "verbatim.total")
_WIDEST_VERDICT = max(map(len, (*SHORT_VERDICTS.values(), NO_BUDGET)))
_GAP = 2

Axes = Mapping[str, str]


def comparison(report: Report, width: int) -> list[RenderableType]:
    """One table for each scenario that a matrix was made of, and what has to be said of it."""
    parts: list[RenderableType] = []
    for name in dict.fromkeys(_variant(result).of for result in report.results):
        results = [result for result in report.results if _variant(result).of == name]
        parts.extend((_title(name, results, report), _table(results, report, width), Text()))
        parts.extend(bullets(_remarks(name, results, report)))
    return parts


def ranked(results: Iterable[Result]) -> list[Result]:
    """Results by size as they were asked for, of one size the best first; what has no figures last."""
    order = list(results)
    sizes = list(dict.fromkeys(_variant(result).size for result in order))
    metric = next((name for name in _RANKED_BY if any(name in result.metrics for result in order)), "")

    def rank(result: Result) -> tuple[int, float, float]:
        worst = float("inf")
        figure = result.metrics.get(metric, worst)
        return sizes.index(_variant(result).size), round(figure, 2), result.metrics.get("copies.total", worst)

    return sorted(order, key=rank)


def short_verdict(result: Result) -> Text:
    """A verdict that fits into a column."""
    if result.verdict == "pass" and not result.budgets:
        return Text(NO_BUDGET, style=QUIET)
    return Text(SHORT_VERDICTS[result.verdict], style=VERDICT_STYLES[result.verdict])


def figure(result: Result, metric: str) -> str:
    """A metric in payloads, or that it was not measured."""
    return format_payloads(result.metrics[metric]) if metric in result.metrics else "-"


def heading(metric: str) -> Text:
    """A metric's name on two lines, which takes half the room."""
    return Text(metric.replace(".", ".\n"), style=HEADING)


def _variant(result: Result) -> Variant:
    return result.scenario.variant or Variant(of=result.scenario.name)


def _title(name: str, results: Sequence[Result], report: Report) -> Text:
    skipped = sum(entry.of == name for entry in report.run.sweep.skipped)
    count = len(results) + skipped * max(1, len(report.run.sweep.sizes))
    words = f"{len(results)} of {count} combinations" if skipped else f"{count} combinations"
    title = Text(f"{clean_line(name)}: {words}, the best first")
    title.stylize(HEADING, 0, len(clean_line(name)))
    return title


def _table(results: Sequence[Result], report: Report, width: int) -> Table:
    axes = (*report.run.sweep.axes, *(("size",) if report.run.sweep.sizes else ()))
    rows = [(_axes_of(result), result) for result in ranked(results)]
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
    columns = _columns(axes, [row for row, _ in rows], width)
    for name, _ in columns:
        table.add_column(Text(name, style=HEADING), overflow="fold")
    for metric in METRICS:
        table.add_column(heading(metric), justify="right", no_wrap=True)
    table.add_column(Text("verdict", style=HEADING), no_wrap=True)
    for row, result in rows:
        cells = [clean_line(cell(row)) for _, cell in columns]
        table.add_row(*cells, *(figure(result, metric) for metric in METRICS), short_verdict(result))
    return table


def _columns(
    axes: Sequence[str], rows: Sequence[Axes], width: int
) -> list[tuple[str, Callable[[Axes], str]]]:
    """A column for each axis; one for all of them where these would not fit."""
    figures = sum(max(map(len, metric.split("."))) + 1 + _GAP for metric in METRICS) + _WIDEST_VERDICT
    needed = sum(max(len(axis), *(len(row[axis]) for row in rows)) + _GAP for axis in axes)
    if needed + figures <= width:
        return [(axis, lambda row, axis=axis: row[axis]) for axis in axes]  # type: ignore[misc]
    return [("combination", lambda row: " ".join(f"{axis}={row[axis]}" for axis in axes))]


def _axes_of(result: Result) -> Axes:
    variant = _variant(result)
    return {**variant.axes, **({"size": variant.size} if variant.size else {})}


def _remarks(name: str, results: Sequence[Result], report: Report) -> Iterable[str]:
    if report.run.options.as_deployed:
        yield f"rss.peak {AS_DEPLOYED}"
    measured = [_variant(result) for result in results]
    for followed in _distinct(variant.followed for variant in measured if variant.followed):
        group = [variant.axes for variant in measured if variant.followed == followed]
        others = [variant.axes for variant in measured if variant.followed != followed]
        yield f"{_shared(group, others)} also needs {_words(followed)}"
    skipped = [entry for entry in report.run.sweep.skipped if entry.of == name]
    for reason in dict.fromkeys(entry.reason for entry in skipped):
        group = [entry.axes for entry in skipped if entry.reason == reason]
        others = [entry.axes for entry in skipped if entry.reason != reason]
        yield f"skipped {_shared(group, [*others, *(variant.axes for variant in measured)])}: {reason}"
    if name in report.run.sweep.without_budget:
        yield (
            f"the budget of {name} holds for the scenario as it is, so its combinations have none; "
            "--budget METRIC=LIMIT gives them one"
        )


def _shared(group: Sequence[Axes], others: Sequence[Axes]) -> str:
    """The fewest values that some combinations have in common and no other has; or each of them."""
    first, *rest = group
    shared = [item for item in first.items() if all(item in row.items() for row in rest)]
    for count in range(1, len(shared) + 1):
        for some in combinations(shared, count):
            if not any(set(some) <= row.items() for row in others):
                return _words(dict(some))
    return ", ".join(map(_words, _distinct(group)))


def _words(axes: Axes) -> str:
    return " ".join(f"{axis}={value}" for axis, value in axes.items())


def _distinct(mappings: Iterable[Axes]) -> list[Axes]:
    kept: list[Axes] = []
    for mapping in mappings:
        if mapping not in kept:
            kept.append(mapping)
    return kept
