"""A comparison for an issue or a pull request: Markdown as GitHub renders it."""

import html
from collections.abc import Iterable, Iterator, Sequence

from cachekit_memprobe.comparison import Comparison
from cachekit_memprobe.report.comparison.figures import LineWords, Row
from cachekit_memprobe.report.comparison.words import (
    METRIC_COLUMNS,
    SUMMARY_COLUMNS,
    ScenarioWords,
    comparison_words,
)
from cachekit_memprobe.report.gfm import LONGEST, as_many_as_fit, bullets, fenced, table, text
from cachekit_memprobe.report.words import Column

_WORDS = ("scenario", "verdict", "metric", "stage", "")
_MARKS = {"less": "🟢", "more": "🔴", "both": "🟠", "same": "⚪", "unclear": "⚠️", "": "⚠️"}


def comparison_markdown(comparison: Comparison, *, longest: int = LONGEST) -> str:
    """The whole comparison; it says so where details don't fit into ``longest`` characters."""
    words = comparison_words(comparison)
    beginning = [*_beginning(words.base, words.new, words.conclusion)]
    if words.differences:
        beginning.extend(("Not the same on both sides:", bullets(words.differences)))
    if words.allowances:
        beginning.append(bullets(line for _, line in words.allowances))
    if len(words.scenarios) > 1:
        beginning.append(_table(SUMMARY_COLUMNS, [one.summary for one in words.scenarios]))
        beginning.append(text(words.legend))
    room = longest - sum(len(part) + 2 for part in beginning) - 200
    blocks = ("\n\n".join(_details(scenario)) for scenario in words.scenarios)
    details, left_out = as_many_as_fit(blocks, room)
    if left_out:
        details.append(
            f"The details of {left_out} scenario{'s' * (left_out > 1)} were left out for want of room."
        )
    return "\n\n".join((*beginning, *details)) + "\n"


def _beginning(base: str, new: str, conclusion: str) -> Iterator[str]:
    yield f"### {text(conclusion)}"
    yield bullets((f"BASE: {base}", f"NEW: {new}"))


def _details(words: ScenarioWords) -> Iterator[str]:
    summary = f"{_MARKS[words.direction]} {html.escape(words.name)}: {html.escape(words.headline)}"
    yield f"<details><summary>{summary}</summary>"
    yield f"Verdict: {text(words.verdict)}"
    if words.metrics:
        yield _table(METRIC_COLUMNS, words.metrics)
    if words.stages:
        yield _table(words.stage_columns, words.stages)
    if words.lines:
        yield fenced("\n".join(_lines(words.lines)))
    if words.findings:
        yield bullets(f"{one.kind}: {one.code} {one.sentence}" for one in words.findings)
    if words.remarks:
        yield bullets(words.remarks)
    yield "</details>"


def _lines(lines: Iterable[LineWords]) -> Iterator[str]:
    for line in lines:
        yield f"{line.kind:<7} {line.words}"
        if line.source and line.kind != "moved":
            yield f"{'':<12}{line.source}"


def _table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    return table(
        [Column(name, is_figure=name not in _WORDS) for name in columns], (row.cells for row in rows)
    )
