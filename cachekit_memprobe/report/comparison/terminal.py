"""The comparison that a developer reads first: rich renderables for a terminal of a known width."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.comparison import Comparison
from cachekit_memprobe.report.comparison.figures import LineWords, Row
from cachekit_memprobe.report.comparison.words import (
    METRIC_COLUMNS,
    SUMMARY_COLUMNS,
    ComparisonWords,
    ScenarioWords,
    comparison_words,
)
from cachekit_memprobe.report.layout import Trimmed, bullets, indented, labelled
from cachekit_memprobe.report.styles import HEADING, OVER, QUIET, SOURCE, WARNING, WITHIN

_STYLES = {"less": WITHIN, "more": OVER, "unclear": WARNING, "unmeasured": WARNING}
_KIND_STYLES = {"gone": WITHIN, "new": OVER, "moved": QUIET}
_FEW = 2
"""Scenarios that are shown in full."""

_LONGEST_NAME = 28
"""That stays in one line, where verdicts have to make room for it: as those of all bundled scenarios."""

_STATUS_STYLES = {"within": WITHIN, "over": OVER, "unmeasured": WARNING}


def render_comparison(comparison: Comparison, *, full: bool = False) -> Trimmed:
    """The whole comparison, to be printed on a console.

    Args:
        full: every scenario by itself; else only if there are few, and of more what changed in a line each.
    """
    words = comparison_words(comparison)
    parts: list[RenderableType] = [_sides(words)]
    if words.differences:
        parts.append(Text("not the same on both sides:", style=WARNING))
        parts.extend(bullets(words.differences))
    in_full = words.scenarios if full or len(words.scenarios) <= _FEW else ()
    for scenario in in_full:
        parts.extend((Text(), _title(scenario), *_scenario(scenario)))
    if len(words.scenarios) > 1:
        parts.extend(_overview(words.scenarios, words.legend, with_headlines=not in_full))
    parts.append(Text())
    parts.extend(Text(line, style=_STATUS_STYLES[status]) for status, line in words.allowances)
    parts.append(Text(words.conclusion, style=HEADING))
    return Trimmed(Group(*parts))


def _overview(
    scenarios: Sequence[ScenarioWords], legend: str, *, with_headlines: bool
) -> Iterable[RenderableType]:
    yield from (Text(), _rule("all scenarios"))
    yield _table(SUMMARY_COLUMNS, [scenario.summary for scenario in scenarios])
    yield Text(legend, style=QUIET)
    told = [one for one in scenarios if with_headlines and one.direction != "same"]
    if told:
        yield Text()
        yield from (labelled("-", line) for line in _headlines(told))
        yield from (Text(), Text("one in full: cachekit-memprobe compare BASE NEW SCENARIO", style=QUIET))


def _headlines(scenarios: Sequence[ScenarioWords]) -> Iterable[str]:
    """One for each scenario; why some can't be compared is said once of all of them."""
    names: dict[tuple[str, str], list[str]] = {}
    for one in scenarios:
        # What changed is one scenario's own, even in the same words.
        names.setdefault((one.name if one.direction else "", one.headline), []).append(one.name)
    for (_, headline), of in names.items():
        yield f"{', '.join(of)}: {headline}"


def _sides(words: ComparisonWords) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, style=HEADING)
    grid.add_column(overflow="fold")
    grid.add_row("BASE", Text(words.base))
    grid.add_row("NEW", Text(words.new))
    return grid


def _rule(title: str) -> Rule:
    return Rule(Text(title), align="left", style=QUIET)


def _title(words: ScenarioWords) -> Rule:
    return Rule(Text.assemble((words.name, HEADING), f": {words.verdict}"), align="left", style=QUIET)


def _scenario(words: ScenarioWords) -> Iterable[RenderableType]:
    yield Text(words.headline, style=_STYLES.get(words.direction, ""))
    for block in _blocks(words):
        yield from (Text(), block)


def _blocks(words: ScenarioWords) -> Iterable[RenderableType]:
    if words.metrics:
        yield _table(METRIC_COLUMNS, words.metrics)
    if words.stages:
        yield _table(words.stage_columns, words.stages)
    if words.lines:
        yield Group(*(part for line in words.lines for part in _line(line)))
    if words.findings:
        yield Group(*(labelled(f"{one.kind:<4} {one.code}", one.sentence) for one in words.findings))
    if words.remarks:
        yield Group(*bullets(words.remarks))


def _line(line: LineWords) -> Iterable[RenderableType]:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, width=len("changed"), style=_KIND_STYLES.get(line.kind, ""))
    grid.add_column(overflow="fold")
    grid.add_row(line.kind, Text(line.words))
    yield grid
    if line.source and line.kind != "moved":
        yield indented(indented(Text(line.source, style=SOURCE, overflow="fold")))


def _table(columns: Sequence[str], rows: Sequence[Row]) -> Table:
    """The first column and those of words to the left, figures to the right and never cut."""
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    longest = max((len(row.cells[0]) for row in rows), default=0)
    for name in columns:
        is_folded = name == "verdict" or (name == columns[0] and longest > _LONGEST_NAME)
        table.add_column(
            Text(name, style=HEADING),
            justify="left" if name in (columns[0], "verdict", "") else "right",
            no_wrap=not is_folded,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*map(Text, row.cells), style=_STYLES.get(row.answer, ""))
    return table
