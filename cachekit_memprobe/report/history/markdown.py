"""A history for an issue: Markdown as GitHub renders it."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from cachekit_memprobe.history import History
from cachekit_memprobe.report.history.steps import LineWords, StepWords
from cachekit_memprobe.report.history.words import DOWN, UP, FigureRow, ScenarioWords, history_words
from cachekit_memprobe.report.markdown import LONGEST, text

_MARKS = {1: f" {UP}", 0: "", -1: f" {DOWN}"}


def history_markdown(history: History, *, longest: int = LONGEST) -> str:
    """The whole history; it says so where tables don't fit into ``longest`` characters."""
    words = history_words(history)
    parts = [f"### {text(words.title)}", text(words.conclusion)]
    if words.regressions:
        parts.extend(("Takes more than it did at best:", _list(words.regressions)))
    if words.checks:
        parts.append(_list(line for _, line in words.checks))
    if words.facts:
        parts.append(_list(words.facts))
    room = longest - sum(len(part) + 2 for part in parts) - 200
    left_out = 0
    for scenario in words.scenarios:
        block = "\n\n".join(_scenario(scenario))
        if len(block) + 2 > room:
            left_out += 1
            continue
        room -= len(block) + 2
        parts.append(block)
    if left_out:
        parts.append(f"{left_out} scenario{'s' * (left_out > 1)} left out for want of room.")
    return "\n\n".join(parts) + "\n"


def _scenario(words: ScenarioWords) -> Iterator[str]:
    yield f"#### {text(words.name)}: {text(words.conclusion)}"
    for step in words.steps:
        yield "\n\n".join(_step(step))
    yield f"<details><summary>{html.escape(words.name)}: all figures</summary>"
    yield _table(words)
    if words.reasons:
        yield _list(words.reasons)
    yield "</details>"


def _step(step: StepWords) -> Iterator[str]:
    mark = _MARKS[step.direction].strip()
    follows = f"; so {step.follows}" if step.follows else ""
    yield text(f"{mark} {step.label}: {'; '.join(step.figures)}{follows}".strip())
    if step.lines:
        yield _fenced("\n".join(_lines(step.lines)))


def _lines(lines: Iterable[LineWords]) -> Iterator[str]:
    for line in lines:
        yield line.words
        if line.source:
            yield f"      {line.source}"


def _table(words: ScenarioWords) -> str:
    has_dates = "published" in words.columns
    rules = ["---" if number <= has_dates else "---:" for number, _ in enumerate(words.columns)]
    rows = [_line(_cells(row, has_dates)) for row in words.rows]
    return "\n".join((_line(map(text, words.columns)), _line(rules), *rows))


def _cells(row: FigureRow, has_dates: bool) -> Sequence[str]:
    figures = [text(cell + _MARKS[change]) for cell, change in zip(row.cells, row.changes, strict=True)]
    dates = [text(row.uploaded)] if has_dates else []
    return [text(row.label), *dates, *figures]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {text(sentence)}" for sentence in sentences)


def _fenced(block: str) -> str:
    """In a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{block}\n{fence}"
