"""The combinations of a matrix in one table, in an order, with what was skipped and what else changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import AS_DEPLOYED
from cachekit_memprobe.report.words.ranking import SIZES, equal_words, ranked, sort_key, sortable, variant_of
from cachekit_memprobe.report.words.tables import Column, Section, TextTable
from cachekit_memprobe.result import Report, Result, Verdict
from cachekit_memprobe.sweep import STORED
from cachekit_memprobe.units import format_bytes, format_elapsed, format_payloads

METRICS = ("copies.total", "verbatim.total", "peak.heap", "rss.peak")
TIME = "time"
"""Of a read, which is a guide and no metric."""

SHORT_VERDICTS: Mapping[Verdict, str] = {
    "pass": "PASS",
    "fail": "FAIL",
    "unmeasured": "UNMEASURED",
    "not_applicable": "-",
}
NO_BUDGET = "no budget"

_FIRST_TO_GO = (
    "verbatim.total",
    "rss.resting",
    "copies.total",
    STORED,
    "peak.heap",
    TIME,
    "rss.total",
    "rss.peak",
)
"""Where there is no room for all columns: a row is one line, as far as its axes are."""

_MEANINGS = {
    "rss.total": "rss.total is the whole process at the peak of a read",
    "rss.resting": "rss.resting between reads",
    STORED: "stored what the tier holds for the value: in L1 it is part of the process, in L2 it is not",
}

_SAMPLING_US = 2000
"""Sampling a read takes 1.1 to 1.3 ms by itself: a shorter time says nothing of the read."""

_WIDEST_VERDICT = max(map(len, (*SHORT_VERDICTS.values(), NO_BUDGET)))
_GAP = 2
_UNLIMITED = 1 << 20
"""Of the room for a table."""

Axes = Mapping[str, str]


def matrix_sections(report: Report, width: int = _UNLIMITED) -> tuple[Section, ...]:
    """One for each scenario that a matrix was made of.

    Args:
        width: in which a table has to fit; columns of figures that don't are left out, which is said.
    """
    if not report.run.sweep.axes:
        return ()
    # One whose saved measurement can't be read is no combination that is known.
    known = [result for result in report.results if result.scenario.variant is not None]
    names = dict.fromkeys(variant_of(result).of for result in known)
    return tuple(_section(name, known, report, width) for name in names)


def short_verdict(result: Result) -> str:
    """A verdict that fits into a column."""
    if result.verdict == "pass" and not result.budgets:
        return NO_BUDGET
    return SHORT_VERDICTS[result.verdict]


def figure(result: Result, metric: str) -> str:
    """A metric in payloads, or that it was not measured."""
    return format_payloads(result.metrics[metric]) if metric in result.metrics else "-"


def size_figure(result: Result, name: str) -> str:
    """A metric of the whole process, or the stored size, in bytes; or that it was not measured."""
    found = sortable(result, name)
    if found is None or result.payload is None:
        return "-"
    return format_bytes(found * result.payload.logical_bytes, result.payload.logical_bytes)


def _section(name: str, known: Sequence[Result], report: Report, width: int) -> Section:
    results = [result for result in known if variant_of(result).of == name]
    table = _table(results, report, width)
    remarks = tuple(map(clean_line, _remarks(name, results, report, width)))
    return Section(clean_line(name), _title(name, results, report), (table,), remarks)


def broken(metric: str) -> str:
    """A metric's name on two lines, which takes half the room."""
    return metric.replace(".", ".\n")


def _title(name: str, results: Sequence[Result], report: Report) -> str:
    skipped = sum(entry.of == name for entry in report.run.sweep.skipped)
    count = len(results) + skipped * max(1, len(report.run.sweep.sizes))
    combinations_of = f"{count} combination{'s' if count > 1 else ''}"
    words = f"{len(results)} of {combinations_of}" if skipped else combinations_of
    key = sort_key(results, report.run.sweep.sort)
    equal = equal_words(results, report.run.sweep.sort)
    return "; ".join(filter(None, (f"{words}, sorted by {key}, the smallest first" if key else words, equal)))


def _table(results: Sequence[Result], report: Report, width: int) -> TextTable:
    order = ranked(results, report.run.sweep.sort)
    figures = _figures(results, report, width)
    axes = _shown_axes(results, report, width)
    axis_columns = _columns(axes, list(map(_axes_of, order)), width - _width(figures, results))
    judged = _any_judged(results)
    columns = (
        *(Column(name) for name, _ in axis_columns),
        *(Column(name, is_figure=True) for name in figures),
        *((Column("verdict"),) if judged else ()),
    )
    rows = tuple(
        (
            *(clean_line(cell(_axes_of(result))) for _, cell in axis_columns),
            *(_cell(result, name) for name in figures),
            *((short_verdict(result),) if judged else ()),
        )
        for result in order
    )
    return TextTable(columns, rows)


def _figures(results: Sequence[Result], report: Report, width: int) -> tuple[str, ...]:
    """The columns of figures: those that there is room for beside the axes, and the one sorted by."""
    key = sort_key(results, report.run.sweep.sort)
    names = _available(results, key)
    axes = _shown_axes(results, report, width)
    needed = _axes_width(axes, list(map(_axes_of, results)))
    for leaving in _FIRST_TO_GO:
        if needed + _width(names, results) > width and leaving != key:
            names = tuple(name for name in names if name != leaving)
    return names


def _shown_axes(results: Sequence[Result], report: Report, width: int) -> tuple[str, ...]:
    """Those that have a column: all, or, where these leave no room for the figures, those that differ."""
    axes = (*report.run.sweep.axes, *(("size",) if report.run.sweep.sizes else ()))
    rows = list(map(_axes_of, results))
    figures = _available(results, sort_key(results, report.run.sweep.sort))
    if _axes_width(axes, rows) + _width(figures, results) <= width:
        return axes
    return tuple(axis for axis in axes if len({row[axis] for row in rows}) > 1) or axes[:1]


def _available(results: Sequence[Result], key: str) -> tuple[str, ...]:
    """All columns of figures that a table of any width has."""
    sizes = [name for name in SIZES if any(sortable(result, name) is not None for result in results)]
    time = [TIME] if any(result.read_us is not None for result in results) else []
    return tuple(dict.fromkeys((*METRICS, *sizes, *time, *([key] if key else []))))


def _width(figures: Sequence[str], results: Sequence[Result]) -> int:
    """Of the columns of figures, and of the verdict."""
    cells = [[*broken(name).split("\n"), *(_cell(result, name) for result in results)] for name in figures]
    return sum(max(map(len, column)) + _GAP for column in cells) + (
        _WIDEST_VERDICT if _any_judged(results) else 0
    )


def _cell(result: Result, name: str) -> str:
    if name == TIME:
        return "-" if result.read_us is None else _elapsed(result.read_us)
    return size_figure(result, name) if name in SIZES else figure(result, name)


def _elapsed(read_us: int) -> str:
    return "<2 ms" if read_us < _SAMPLING_US else format_elapsed(read_us)


def _any_judged(results: Iterable[Result]) -> bool:
    """Whether the verdicts say more than that there is no budget, which a remark says."""
    return any(result.budgets or result.verdict != "pass" for result in results)


def _columns(
    axes: Sequence[str], rows: Sequence[Axes], width: int
) -> list[tuple[str, Callable[[Axes], str]]]:
    """A column for each axis; one for all of them where these would not fit."""
    if _axes_width(axes, rows) <= width:
        return [(axis, lambda row, axis=axis: row[axis]) for axis in axes]  # type: ignore[misc]
    return [("combination", lambda row: " ".join(f"{axis}={row[axis]}" for axis in axes))]


def _axes_width(axes: Sequence[str], rows: Sequence[Axes]) -> int:
    return sum(max(len(axis), *(len(row[axis]) for row in rows)) + _GAP for axis in axes)


def _axes_of(result: Result) -> Axes:
    variant = variant_of(result)
    return {**variant.axes, **({"size": variant.size} if variant.size else {})}


def _remarks(name: str, results: Sequence[Result], report: Report, width: int) -> Iterable[str]:
    figures = _figures(results, report, width)
    available = _available(results, sort_key(results, report.run.sweep.sort))
    if (asked := report.run.sweep.sort) and not sort_key(results, asked):
        yield f"{asked}, to sort by, was not measured; the order is that of the axes"
    shown = _shown_axes(results, report, width)
    if same := {axis: value for axis, value in _axes_of(results[0]).items() if axis not in shown}:
        yield f"of all combinations here: {_words(same)}"
    if "rss.total" in figures:
        yield _and([words for name, words in _MEANINGS.items() if name in figures], comma=",")
    if TIME in figures:
        yield "time is that of a read, the median of those that rss samples: a guide, no benchmark"
    if left_out := [name for name in _FIRST_TO_GO if name in available and name not in figures]:
        them = "them" if len(left_out) > 1 else "it"
        yield f"left out for want of room: {_and(left_out)}; a wider terminal has {them}"
    if report.run.options.as_deployed:
        yield f"rss.peak {AS_DEPLOYED}"
    measured = [variant_of(result) for result in results]
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


def _and(words: Sequence[str], comma: str = "") -> str:
    *others, last = words
    return f"{', '.join(others)}{comma} and {last}" if others else last


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
