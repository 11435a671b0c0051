"""A comparison for an issue or a pull request: Markdown as GitHub renders it."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from cachekit_memprobe.comparison import Comparison
from cachekit_memprobe.report.comparison.figures import LineWords, Row
from cachekit_memprobe.report.comparison.words import (
    METRIC_COLUMNS,
    SUMMARY_COLUMNS,
    ScenarioWords,
    comparison_words,
)
from cachekit_memprobe.report.markdown import LONGEST, text

_WORDS = ("scenario", "verdict", "metric", "stage", "")
_MARKS = {"less": "🟢", "more": "🔴", "both": "🟠", "same": "⚪", "unclear": "⚠️", "": "⚠️"}


def comparison_markdown(comparison: Comparison, *, longest: int = LONGEST) -> str:
    """The whole comparison; it says so where details don't fit into ``longest`` characters."""
    words = comparison_words(comparison)
    beginning = [*_beginning(words.base, words.new, words.conclusion)]
    if words.differences:
        beginning.extend(("Not the same on both sides:", _list(words.differences)))
    if words.allowances:
        beginning.append(_list(line for _, line in words.allowances))
    if len(words.scenarios) > 1:
        beginning.append(_table(SUMMARY_COLUMNS, [one.summary for one in words.scenarios]))
        beginning.append(text(words.legend))
    room = longest - sum(len(part) + 2 for part in beginning) - 200
    details: list[str] = []
    left_out = 0
    for scenario in words.scenarios:
        block = "\n\n".join(_details(scenario))
        if len(block) + 2 > room:
            left_out += 1
            continue
        room -= len(block) + 2
        details.append(block)
    if left_out:
        details.append(
            f"The details of {left_out} scenario{'s' * (left_out > 1)} were left out for want of room."
        )
    return "\n\n".join((*beginning, *details)) + "\n"


def _beginning(base: str, new: str, conclusion: str) -> Iterator[str]:
    yield f"### {text(conclusion)}"
    yield _list((f"BASE: {base}", f"NEW: {new}"))


def _details(words: ScenarioWords) -> Iterator[str]:
    summary = f"{_MARKS[words.direction]} {html.escape(words.name)}: {html.escape(words.headline)}"
    yield f"<details><summary>{summary}</summary>"
    yield f"Verdict: {text(words.verdict)}"
    if words.metrics:
        yield _table(METRIC_COLUMNS, words.metrics)
    if words.stages:
        yield _table(words.stage_columns, words.stages)
    if words.lines:
        yield _fenced("\n".join(_lines(words.lines)))
    if words.findings:
        yield _list(f"{one.kind}: {one.code} {one.sentence}" for one in words.findings)
    if words.remarks:
        yield _list(words.remarks)
    yield "</details>"


def _lines(lines: Iterable[LineWords]) -> Iterator[str]:
    for line in lines:
        yield f"{line.kind:<7} {line.words}"
        if line.source and line.kind != "moved":
            yield f"{'':<12}{line.source}"


def _table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    lines = [
        _line(map(text, columns)),
        _line("---" if name in _WORDS else "---:" for name in columns),
        *(_line(map(text, row.cells)) for row in rows),
    ]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {text(sentence)}" for sentence in sentences)


def _fenced(block: str) -> str:
    """In a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{block}\n{fence}"
