"""What the page shows of each scenario: its words, and its drawings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from cachekit_memprobe.report.html.keeping import Links, links_of
from cachekit_memprobe.report.html.plot import COARSE, FINE, Detail
from cachekit_memprobe.report.html.resident import Course, course_of
from cachekit_memprobe.report.html.staircase import Drawing, drawing_of
from cachekit_memprobe.report.view import exceeded
from cachekit_memprobe.report.words import (
    HEADLINE_METRICS,
    BudgetRow,
    ScenarioWords,
    TextTable,
    scenario_words,
)
from cachekit_memprobe.report.words.instruments import InstrumentRow, instrument_rows
from cachekit_memprobe.report.words.keeping import Keeping, keeping_of
from cachekit_memprobe.report.words.resident import resident_table
from cachekit_memprobe.result import BudgetResult, Report, Result
from cachekit_memprobe.units import format_payloads

_BAR = 60
"""Pixels of the bar of a figure; its limit is at two thirds of it."""
_FEW = 2
"""So many scenarios are open, whatever their verdict."""
_SEVERAL = 10
"""So many are drawn with all details: a report of all that there are has to stay small enough to be sent."""


@dataclass(frozen=True)
class Bar:
    """A figure of the summary; ``filled`` are pixels of its bar, which it has if it has a limit."""

    words: str
    filled: int = 0
    is_over: bool = False
    title: str = ""


@dataclass(frozen=True)
class LimitRow:
    """A limit; ``spans`` is how many rows share its remarks, from this one on, and 0 if it is a row above."""

    words: BudgetRow
    spans: int


@dataclass(frozen=True)
class Within:
    """Limits that are kept to; ``words`` is the figure and the limit, if they are the same of all."""

    words: str
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One scenario.

    Attributes:
        words: without the lines of the heap and of tracemalloc where ``instruments`` tells them.
        only_kept: in place of ``keeping`` where it would be one line.
        limits: in a table; those that are kept to are only listed in ``within`` when the part is folded, or
            one of many.
        also_over: the metrics that are over their limits and have no bar, in words.
        is_open: it needs a look, or there are few; others are folded.
        is_fine: drawn with all details; among many scenarios a drawing has fewer.
    """

    anchor: str
    words: ScenarioWords
    bars: tuple[Bar, ...]
    also_over: str
    staircase: Drawing | None
    course: Course | None
    resident: TextTable | None
    instruments: tuple[InstrumentRow, ...]
    keeping: Links | None
    only_kept: Keeping | None
    limits: tuple[LimitRow, ...]
    within: tuple[Within, ...]
    is_open: bool
    is_fine: bool


def parts_of(report: Report) -> tuple[Part, ...]:
    """One for each scenario, in their order."""
    return tuple(_part(number, result, report) for number, result in enumerate(report.results, 1))


def _part(number: int, result: Result, report: Report) -> Part:
    limits = {limit.metric: limit for limit in result.budgets}
    is_fine = len(report.results) <= _SEVERAL
    detail = FINE if is_fine else COARSE
    is_open = len(report.results) <= _FEW or any(_needs_a_look(result))
    words, instruments, keeping = scenario_words(result, report), instrument_rows(result), keeping_of(result)
    told = ("heap", "tracemalloc") if instruments else ()
    is_in_full = is_open and is_fine
    within = () if is_in_full else tuple(row for row in words.budgets if row.status == "within")
    return Part(
        anchor=f"s{number}",
        words=replace(words, figures=tuple(line for line in words.figures if line.label not in told)),
        bars=tuple(_bar(metric, result, limits.get(metric)) for metric in HEADLINE_METRICS),
        also_over=_also_over(result),
        staircase=_staircase(result, limits.get("peak.heap"), detail),
        course=course_of(result, detail),
        resident=resident_table(result),
        instruments=instruments,
        keeping=links_of(keeping) if len(keeping) > 1 else None,
        only_kept=keeping[0] if len(keeping) == 1 else None,
        limits=tuple(_limits([row for row in words.budgets if row not in within])),
        within=tuple(_within(within, with_figures=is_fine or not is_open)),
        is_open=is_open,
        is_fine=is_fine,
    )


def _limits(rows: Iterable[BudgetRow]) -> Iterator[LimitRow]:
    """Neighbours are often over for the same reason, which is then said once."""
    for remarks, run in groupby(rows, key=lambda row: row.remarks):
        first, *others = run
        yield LimitRow(first, 1 + len(others) if remarks else 1)
        yield from (LimitRow(row, 0 if remarks else 1) for row in others)


def _also_over(result: Result) -> str:
    """Two of them by name, a verbatim copy first: it says more than that much was moved."""
    names = [limit.metric for limit in exceeded(result) if limit.metric not in HEADLINE_METRICS]
    names.sort(key=lambda name: not name.startswith("verbatim."))
    more = [f"{len(names) - 2} more"] if len(names) > 2 else []
    return ", ".join([*names[:2], *more])


def _within(rows: Iterable[BudgetRow], *, with_figures: bool) -> Iterator[Within]:
    """Of one of many that needs a look for other reasons, only which."""
    alike: dict[str, list[str]] = {}
    for row in rows:
        alike.setdefault(f"{row.observed} of {row.limit}" if with_figures else "", []).append(row.metric)
    for words, metrics in alike.items():
        yield Within(words, tuple(metrics))


def _staircase(result: Result, limit: BudgetResult | None, detail: Detail) -> Drawing | None:
    if result.staircase is None or result.payload is None:
        return None
    payloads = None if limit is None else limit.limit
    return drawing_of(result.staircase, result.payload.logical_bytes, payloads, detail)


def _needs_a_look(result: Result) -> Iterator[bool]:
    yield result.verdict in ("fail", "unmeasured")
    yield any(limit.status == "over" for limit in result.budgets)
    yield any(finding.leads for finding in result.findings)


def _bar(metric: str, result: Result, limit: BudgetResult | None) -> Bar:
    if metric not in result.metrics:
        return Bar("-")
    value = result.metrics[metric]
    words = format_payloads(value)
    if limit is None or not limit.limit:
        return Bar(words)
    filled = min(_BAR, max(0, round(_BAR * 2 / 3 * value / limit.limit)))
    return Bar(words, filled, limit.status == "over", f"of {format_payloads(limit.limit)}")
