"""A history for an issue: Markdown as GitHub renders it."""

import html
from collections.abc import Iterable, Iterator, Sequence

from cachekit_memprobe.history import History
from cachekit_memprobe.report.gfm import LONGEST, as_many_as_fit, bullets, fenced, table, text
from cachekit_memprobe.report.history.steps import LineWords, StepWords
from cachekit_memprobe.report.history.words import DOWN, UP, FigureRow, ScenarioWords, history_words
from cachekit_memprobe.report.words import Column

_MARKS = {1: f" {UP}", 0: "", -1: f" {DOWN}"}


def history_markdown(history: History, *, longest: int = LONGEST) -> str:
    """The whole history; it says so where tables don't fit into ``longest`` characters."""
    words = history_words(history)
    parts = [f"### {text(words.title)}", text(words.conclusion)]
    if words.regressions:
        parts.extend(("Takes more than it did at best:", bullets(words.regressions)))
    if words.checks:
        parts.append(bullets(line for _, line in words.checks))
    if words.facts:
        parts.append(bullets(words.facts))
    room = longest - sum(len(part) + 2 for part in parts) - 200
    blocks = ("\n\n".join(_scenario(scenario)) for scenario in words.scenarios)
    shown, left_out = as_many_as_fit(blocks, room)
    parts.extend(shown)
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
        yield bullets(words.reasons)
    yield "</details>"


def _step(step: StepWords) -> Iterator[str]:
    mark = _MARKS[step.direction].strip()
    follows = f"; so {step.follows}" if step.follows else ""
    yield text(f"{mark} {step.label}: {'; '.join(step.figures)}{follows}".strip())
    if step.lines:
        yield fenced("\n".join(_lines(step.lines)))


def _lines(lines: Iterable[LineWords]) -> Iterator[str]:
    for line in lines:
        yield line.words
        if line.source:
            yield f"      {line.source}"


def _table(words: ScenarioWords) -> str:
    has_dates = "published" in words.columns
    columns = [Column(name, is_figure=number > has_dates) for number, name in enumerate(words.columns)]
    return table(columns, (_cells(row, has_dates) for row in words.rows))


def _cells(row: FigureRow, has_dates: bool) -> Sequence[str]:
    figures = [cell + _MARKS[change] for cell, change in zip(row.cells, row.changes, strict=True)]
    return [row.label, *([row.uploaded] if has_dates else []), *figures]
