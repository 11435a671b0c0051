"""The staircases of both reads over each other, on one scale, as SVG paths."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cachekit_memprobe.comparison import ScenarioComparison
from cachekit_memprobe.report.words.chart import thinned
from cachekit_memprobe.result import Result, Staircase
from cachekit_memprobe.units import format_payloads

WIDTH, HEIGHT = 640, 130
"""Of the plot of one side, in units of the SVG."""

_LEAST_PAYLOADS = 0.05
_NICE = (0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
_MOST_LINES = 4
_MOST_STEPS = 120
_LETTER_HEIGHT, _UNITS_PER_LETTER = 12, 6.4


@dataclass(frozen=True)
class Words:
    """Text at a point."""

    x: int
    y: int
    words: str


@dataclass(frozen=True)
class Area:
    """What a stage has on the heap; ``label`` where there is room for its name."""

    stage: str
    path: str
    label: Words | None


@dataclass(frozen=True)
class Panel:
    """One side.

    Attributes:
        levels: horizontal lines, from the bottom up.
        composition: of the peak: ``unwrap 1.00x + materialize 1.00x``.
    """

    side: str
    areas: tuple[Area, ...]
    levels: tuple[Words, ...]
    peak: Words
    composition: str


@dataclass(frozen=True)
class _Scale:
    payload_bytes: int
    top: float

    def y(self, size_bytes: float) -> int:
        return round(HEIGHT - size_bytes / self.payload_bytes / self.top * HEIGHT)


def panels_of(scenario: ScenarioComparison) -> tuple[Panel, ...]:
    """One for each side that memray followed; none if neither has anything to be seen."""
    sides = [
        (name, _coarser(result.staircase), result.payload.logical_bytes)
        for name, result in (("BASE", scenario.base), ("NEW", scenario.new))
        if _is_drawn(result) and result and result.staircase and result.payload
    ]
    tops = [_peak(staircase) / payload_bytes for _, staircase, payload_bytes in sides]
    if max(tops, default=0.0) < _LEAST_PAYLOADS:
        return ()
    top = max(tops) * 1.12
    return tuple(
        _panel(name, staircase, _Scale(payload_bytes, top)) for name, staircase, payload_bytes in sides
    )


def _is_drawn(result: Result | None) -> bool:
    return bool(result and result.payload and result.staircase and result.staircase.steps)


def _coarser(staircase: Staircase) -> Staircase:
    """With no more steps than can be told apart; the peak stays."""
    kept = thinned(staircase, _MOST_STEPS)
    steps = tuple(step for _, step in kept)
    highest = max(range(len(steps)), key=lambda number: steps[number].total_bytes)
    return replace(staircase, steps=steps, peak=highest)


def _peak(staircase: Staircase) -> int:
    return staircase.steps[staircase.peak].total_bytes


def _panel(side: str, staircase: Staircase, scale: _Scale) -> Panel:
    step_width = WIDTH / len(staircase.steps)
    level = next((nice for nice in _NICE if scale.top / nice <= _MOST_LINES), scale.top / _MOST_LINES)
    at_peak = zip(staircase.stages, staircase.steps[staircase.peak].live_bytes, strict=True)
    peak_bytes = _peak(staircase)
    return Panel(
        side=side,
        areas=tuple(_areas(staircase, scale, step_width)),
        levels=tuple(
            Words(0, scale.y(number * level * scale.payload_bytes), format_payloads(number * level))
            for number in range(int(scale.top / level) + 1)
        ),
        peak=Words(
            round((staircase.peak + 0.5) * step_width),
            scale.y(peak_bytes),
            format_payloads(peak_bytes / scale.payload_bytes),
        ),
        composition=" + ".join(
            f"{stage} {format_payloads(size / scale.payload_bytes)}"
            for stage, size in at_peak
            if size / scale.payload_bytes >= 0.005
        ),
    )


def _areas(staircase: Staircase, scale: _Scale, step_width: float) -> Iterator[Area]:
    """Each stage above those before it."""
    below = [0] * len(staircase.steps)
    for number, stage in enumerate(staircase.stages):
        above = [low + step.live_bytes[number] for low, step in zip(below, staircase.steps, strict=True)]
        lower, upper = [*map(scale.y, below)], [*map(scale.y, above)]
        below = above
        if lower != upper:
            yield Area(stage, _path(lower, upper, step_width), _label(stage, lower, upper, step_width))


def _path(lower: Sequence[int], upper: Sequence[int], step_width: float) -> str:
    """Along the upper edge and back along the lower one, with a corner where an edge changes its height."""
    corners = [*_corners(upper, step_width), *reversed(_corners(lower, step_width))]
    (first_x, first_y), *_ = corners
    edges = [f"V{y}" if x == before else f"H{x}" for (before, _), (x, y) in pairwise(corners)]
    return f"M{first_x} {first_y}{''.join(edges)}Z"


def _corners(edge: Sequence[int], step_width: float) -> list[tuple[int, int]]:
    corners = [(0, edge[0])]
    for number, (before, after) in enumerate(pairwise(edge), 1):
        if before != after:
            x = round(number * step_width)
            corners.extend(((x, before), (x, after)))
    return [*corners, (WIDTH, edge[-1])]


def _label(stage: str, lower: Sequence[int], upper: Sequence[int], step_width: float) -> Words | None:
    """In the widest run of steps in which the area lies still, and is high enough for letters."""
    best_width, best = 0.0, None
    begin = 0
    for end in range(1, len(lower) + 1):
        if end < len(lower) and (lower[end], upper[end]) == (lower[begin], upper[begin]):
            continue
        width = (end - begin) * step_width
        if lower[begin] - upper[begin] >= _LETTER_HEIGHT and width > best_width:
            best_width = width
            middle = round((begin + end) / 2 * step_width)
            best = Words(middle, (lower[begin] + upper[begin]) // 2 + 4, stage)
        begin = end
    return best if best_width >= len(stage) * _UNITS_PER_LETTER else None
