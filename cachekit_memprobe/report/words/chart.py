"""The staircase as text, which survives being pasted: a letter for each stage, a line for each level."""

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from cachekit_memprobe.result import HeapStep, Staircase
from cachekit_memprobe.units import format_payloads

_MOST_COLUMNS = 64
_MOST_LINES = 16
_NICE = (0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100)
_LABEL_WIDTH = 8
_ROUNDING = 1e-6
"""Of a limit that is a level: by so much the quotient may be less than a whole number."""
_Step = TypeVar("_Step")


@dataclass(frozen=True)
class TextChart:
    """Lines of equal letters, from the top down, and which letter is which stage."""

    lines: tuple[str, ...]
    key: str


def text_chart(staircase: Staircase, payload_bytes: int, limit: float | None = None) -> TextChart | None:
    """The heap in the course of the read, in payloads; ``None`` if it never has as much as can be shown.

    Args:
        limit: of the peak, in payloads, which a line marks where the chart is high enough for it.
    """
    peak = staircase.steps[staircase.peak].total_bytes / payload_bytes if staircase.steps else 0.0
    if peak < _NICE[0] / 2:
        return None
    level = next((nice for nice in _NICE if peak / nice <= _MOST_LINES), peak / _MOST_LINES)
    letters = _letters(staircase.stages)
    steps = [step for _, step in thinned(staircase, _MOST_COLUMNS)]
    columns = [_column(step, letters, level * payload_bytes) for step in steps]
    lines = [
        *_lines(columns, level, limit),
        f"{'':{_LABEL_WIDTH}} +{'-' * len(columns)}",
        _peak_mark([step.total_bytes for step in steps], payload_bytes),
    ]
    used = {letter for column in columns for letter in column}
    key = [
        f"{letter} {stage}" for stage, letter in zip(staircase.stages, letters, strict=True) if letter in used
    ]
    scale = f"a line is {format_payloads(level)}, and the read goes from left to right"
    return TextChart(tuple(lines), f"{', '.join(key)}; {scale}")


def _lines(columns: Sequence[str], level: float, limit: float | None) -> list[str]:
    """From the top down. The limit's line stands on that of the last level that is no more than it."""
    height = max(map(len, columns))
    below_limit = 0 if limit is None else int(limit / level + _ROUNDING)
    if height < below_limit <= _MOST_LINES:
        height = below_limit
    lines = [
        f"{format_payloads((row + 1) * level):>{_LABEL_WIDTH}} |"
        + "".join(column[row] if row < len(column) else " " for column in columns).rstrip()
        for row in reversed(range(height))
    ]
    if limit is not None and below_limit <= height:
        words = f"{format_payloads(limit):>{_LABEL_WIDTH}} |{'=' * len(columns)} limit of peak.heap"
        lines.insert(height - below_limit, words)
    return lines


def _peak_mark(sizes_bytes: Sequence[int], payload_bytes: int) -> str:
    """What stands below the column of the peak."""
    highest_bytes = max(sizes_bytes)
    column = sizes_bytes.index(highest_bytes)
    words = f"peak {format_payloads(highest_bytes / payload_bytes)}"
    before = _LABEL_WIDTH + 2 + column
    if column > len(words) and column > len(sizes_bytes) // 2:
        return f"{words} ^".rjust(before + 1)
    return f"{'':{before}}^ {words}"


def _letters(stages: Sequence[str]) -> list[str]:
    """Of each stage the first of its letters that no other has."""
    taken: list[str] = []
    for stage in stages:
        wanted = [*stage.replace("_", ""), *string.ascii_letters]
        taken.append(next(letter for letter in wanted if letter not in taken))
    return taken


def _column(step: HeapStep, letters: Sequence[str], level_bytes: float) -> str:
    """From the bottom up, each stage as high as its share, rounded where the stages meet."""
    column, below_bytes = "", 0
    for size_bytes, letter in zip(step.live_bytes, letters, strict=True):
        below_bytes += size_bytes
        column += letter * (round(below_bytes / level_bytes) - len(column))
    return column


def thinned(staircase: Staircase, most: int) -> Sequence[tuple[int, HeapStep]]:
    """At most so many steps, with their numbers."""
    return highest([*enumerate(staircase.steps)], most, lambda one: one[1].total_bytes)


def coarser(staircase: Staircase, most: int) -> Staircase:
    """The same with at most so many steps; a stage that was short is drawn for one of them."""
    count = len(staircase.steps)
    if count <= most:
        return staircase
    steps = tuple(step for _, step in thinned(staircase, most))
    spans = []
    for span in staircase.spans:
        begin, end = span.begin * most // count, -(-span.end * most // count)
        spans.append(replace(span, begin=begin, end=end))
    peak = max(range(most), key=lambda number: steps[number].total_bytes)
    return replace(staircase, steps=steps, peak=peak, spans=tuple(spans))


def highest(steps: Sequence[_Step], most: int, height: Callable[[_Step], int]) -> Sequence[_Step]:
    """At most so many; of neighbours of which only one can stay it is the highest, so that no tower goes."""
    if len(steps) <= most:
        return steps
    bounds = [number * len(steps) // most for number in range(most + 1)]
    return [max(steps[begin:end], key=height) for begin, end in pairwise(bounds)]
