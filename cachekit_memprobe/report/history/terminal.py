"""The history that a developer reads first: rich renderables for a terminal of a known width."""

from collections.abc import Iterable

from rich import box
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.history import History
from cachekit_memprobe.report.history.steps import StepWords
from cachekit_memprobe.report.history.words import (
    DOWN,
    UP,
    FigureRow,
    HistoryWords,
    ScenarioWords,
    history_words,
)
from cachekit_memprobe.report.layout import Trimmed, bullets, indented, labelled
from cachekit_memprobe.report.styles import HEADING, OVER, QUIET, SOURCE, WARNING, WITHIN

_MARKS = {1: f" {UP}", 0: "  ", -1: f" {DOWN}"}
_STYLES = {1: OVER, 0: "", -1: WITHIN}
_STATUS_STYLES = {"within": WITHIN, "over": OVER, "unmeasured": WARNING}


def render_history(history: History) -> Trimmed:
    """The whole history, to be printed on a console."""
    words = history_words(history)
    parts: list[RenderableType] = [Text(words.title, style=HEADING), *bullets(words.facts)]
    for scenario in words.scenarios:
        parts.extend(
            (Text(), _rule(scenario), _figures(scenario), *_reasons(scenario), *_steps(scenario.steps))
        )
    parts.extend(_end(words))
    return Trimmed(Group(*parts))


def _rule(scenario: ScenarioWords) -> Rule:
    title = Text.assemble((scenario.name, HEADING), f": {scenario.conclusion}")
    return Rule(title, align="left", style=QUIET)


def _figures(scenario: ScenarioWords) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    has_dates = "published" in scenario.columns
    for number, name in enumerate(scenario.columns):
        is_figure = number > has_dates
        # The room of a mark is the column's own, so that figures stand below each other.
        table.add_column(
            Text(name + "  " * is_figure, style=HEADING),
            justify="right" if is_figure else "left",
            no_wrap=True,
        )
    for row in scenario.rows:
        cells = [Text(row.label), *([Text(row.uploaded, style=QUIET)] if has_dates else []), *_cells(row)]
        table.add_row(*cells)
    return table


def _reasons(scenario: ScenarioWords) -> Iterable[RenderableType]:
    if scenario.reasons:
        yield from (Text(), *bullets(scenario.reasons))


def _cells(row: FigureRow) -> Iterable[Text]:
    for cell, change in zip(row.cells, row.changes, strict=True):
        yield Text(cell + _MARKS[change], style=_STYLES[change])


def _steps(steps: Iterable[StepWords]) -> Iterable[RenderableType]:
    for step in steps:
        mark = _MARKS[step.direction].strip() or "·"
        yield Text()
        yield labelled(f"{mark} {step.label}", "; ".join(step.figures))
        for line in step.lines:
            yield indented(
                Text(line.words, style=_STYLES[1 if line.sign == "+" else -1 if line.sign else 0]), 2
            )
            if line.source:
                yield indented(Text(line.source, style=SOURCE, overflow="fold"), 6)
        if step.follows:
            yield indented(Text(f"so {step.follows}"), 2)


def _end(words: HistoryWords) -> Iterable[RenderableType]:
    if words.regressions:
        yield from (
            Text(),
            Text("takes more than it did at best:", style=WARNING),
            *bullets(words.regressions),
        )
    yield Text()
    yield from (Text(line, style=_STATUS_STYLES[status]) for status, line in words.checks)
    yield Text(words.conclusion, style=HEADING)
