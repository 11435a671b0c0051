"""A history as one HTML file that needs nothing else; see :mod:`cachekit_memprobe.report.templates`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.history import Cell, History, Regression, ScenarioHistory, Step
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.history.chart import Chart, chart_of
from cachekit_memprobe.report.history.phrases import line_label
from cachekit_memprobe.report.history.steps import StepWords
from cachekit_memprobe.report.history.telling import curves_of
from cachekit_memprobe.report.history.words import ScenarioWords, history_words, is_told, reason_of
from cachekit_memprobe.report.html.plot import HEIGHT, WIDTH
from cachekit_memprobe.report.templates import SHARED, hash_of, style_of, template
from cachekit_memprobe.report.view import metric_label
from cachekit_memprobe.units import format_payloads, signed

_FOLDER = Path(__file__).parent
_SHOWN = 3
"""Charts of a scenario that are open from the beginning."""

_MOST_CHARTS = 8
_MOST_COLUMNS = 7
_NO_LINKS: Mapping[tuple[str, int], str] = {}


@dataclass(frozen=True)
class LinkedRow:
    """What was measured at one point.

    Attributes:
        figures: one for each column.
        reason: why there are none.
    """

    label: str
    link: str
    figures: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class RegressionRow:
    """A figure that is worse at the newest point than at the best one before."""

    cells: tuple[str, ...]
    line: str


@dataclass(frozen=True)
class Part:
    """One scenario.

    Attributes:
        charts: those that are open from the beginning; ``more`` are the others.
        columns: metrics of the table of figures.
    """

    anchor: str
    name: str
    summary: str
    headline: str
    steps: tuple[StepWords, ...]
    charts: tuple[Chart, ...]
    more: tuple[Chart, ...]
    columns: tuple[str, ...]
    rows: tuple[LinkedRow, ...]


def history_html(history: History, links: Mapping[tuple[str, int], str] = _NO_LINKS) -> str:
    """The whole history.

    Args:
        links: of reports beside the page, relative to it and quoted, by scenario and number of the point.
    """
    style = style_of((SHARED / "base.css", _FOLDER / "history.css"))
    words = history_words(history)
    return template(_FOLDER / "history.html.jinja").render(
        style=style,
        style_hash=hash_of(style),
        words=words,
        facts=[*words.facts, _how(history)],
        lacking=[(clean_line(point.label), clean(point.reason)) for point in history.points if point.reason],
        regressions=list(_regressions(history)),
        axis=clean_line(history.axis),
        parts=[
            _part(number, one, said, history, links)
            for number, (one, said) in enumerate(zip(history.scenarios, words.scenarios, strict=True), 1)
        ],
        labels=metric_label,
        stages=STAGES,
        width=WIDTH,
        height=HEIGHT,
        version=clean_line(history.tool_version),
    )


def _how(history: History) -> str:
    processes = "one process" if history.repeat == 1 else f"each of {history.repeat} processes"
    instruments = ", ".join(map(clean_line, history.instruments))
    reads = f"{history.reads} read{'s' * (history.reads > 1)} of rss in {processes}"
    return f"measured by {instruments}; {reads}; {clean_line(history.created)}"


def _regressions(history: History) -> Iterator[RegressionRow]:
    for one in filter(lambda one: is_told(one, history), history.regressions):
        yield RegressionRow(tuple(_regression_cells(one, history)), _first_line(one.since))


def _regression_cells(one: Regression, history: History) -> Iterator[str]:
    labels = [clean_line(point.label) for point in history.points]
    yield clean_line(one.scenario)
    yield clean_line(one.metric)
    yield f"{format_payloads(one.before)} in {labels[one.best]}"
    yield f"{format_payloads(one.after)} in {labels[one.newest]}"
    yield signed(format_payloads(one.after - one.before))
    yield labels[one.since.new] if one.since else "no single step"


def _first_line(step: Step | None) -> str:
    if step is None or not step.lines:
        return ""
    line = step.lines[0]
    return " ".join(filter(None, (line_label(line), clean_line(line.source))))


def _part(
    number: int,
    scenario: ScenarioHistory,
    words: ScenarioWords,
    history: History,
    links: Mapping[tuple[str, int], str],
) -> Part:
    curves = curves_of(scenario)
    own = [links.get((scenario.name, point), "") for point in range(len(history.points))]
    charts = [chart_of(curve, history.points, own) for curve in curves[:_MOST_CHARTS]]
    columns = tuple(curve.metric for curve in curves[:_MOST_COLUMNS])
    return Part(
        anchor=f"s{number}",
        name=words.name,
        summary=clean_line(scenario.summary),
        headline=words.conclusion,
        steps=words.steps,
        charts=tuple(charts[:_SHOWN]),
        more=tuple(charts[_SHOWN:]),
        columns=columns,
        rows=tuple(
            LinkedRow(clean_line(point.label), own[at], _figures(cell, columns), reason_of(cell, point))
            for at, (point, cell) in enumerate(zip(history.points, scenario.cells, strict=True))
        ),
    )


def _figures(cell: Cell, columns: Sequence[str]) -> tuple[str, ...]:
    figures = (cell.metrics.get(name) for name in columns)
    return tuple("-" if one is None else format_payloads(one) for one in figures)
