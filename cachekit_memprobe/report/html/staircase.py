"""The staircase of a read as SVG paths: levels of payloads, stages stacked, the read from left to right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from cachekit_memprobe.report.words.chart import thinned
from cachekit_memprobe.result import Staircase
from cachekit_memprobe.units import format_payloads

WIDTH, HEIGHT = 640, 200
"""Of the plot, in units of the SVG."""

BAND_GAP, BAND_HEIGHT = 8, 16
"""Of the bands below it."""

_NICE = (0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
_MOST_LINES = 6
_LEAST_LABEL = 26
"""Units that a stage's name needs at least."""
_MOST_ROWS = 14
_UNITS_PER_LETTER, _LETTER_HEIGHT = 6.4, 12


@dataclass(frozen=True)
class Area:
    """A stage: its path, and its name where there is room for it."""

    stage: str
    path: str
    label: "Label | None"


@dataclass(frozen=True)
class Label:
    """Words at a point."""

    x: int
    y: int
    words: str


@dataclass(frozen=True)
class Band:
    """Where the threads of the read were in a stage, as one path; its name wherever there is room for it."""

    stage: str
    path: str
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Drawing:
    """All that is drawn of a staircase.

    Attributes:
        levels: horizontal lines, from the bottom up.
        peak: where it is, and how high.
        limit: the budget's line, if there is one within the picture.
        rows: of the bands, one for each thread.
        table: what each stage has on the heap, step by step, as text.
    """

    areas: tuple[Area, ...]
    levels: tuple[Label, ...]
    peak: Label
    composition: str
    limit: Label | None
    bands: tuple[Band, ...]
    rows: int
    table: tuple[tuple[str, ...], ...]


def drawing_of(staircase: Staircase, payload_bytes: int, limit: float | None) -> Drawing | None:
    """``None`` if the read never has as much on the heap as can be seen.

    Args:
        limit: of ``peak.heap``, in payloads.
    """
    steps = staircase.steps
    peak = steps[staircase.peak].total_bytes / payload_bytes if steps else 0.0
    if peak < _NICE[0] / 2:
        return None
    top = max(peak, limit if limit is not None and limit < 2 * peak else 0) * 1.08
    scale, step_width = HEIGHT / top / payload_bytes, WIDTH / len(steps)
    areas = tuple(_areas(staircase, scale, step_width))
    shown = [stage for stage in staircase.stages if any(area.stage == stage for area in areas)]
    parts = [
        f"{stage} {format_payloads(size / payload_bytes)}"
        for stage, size in zip(staircase.stages, steps[staircase.peak].live_bytes, strict=True)
        if size / payload_bytes >= 0.005
    ]
    level = next((nice for nice in _NICE if top / nice <= _MOST_LINES), top / _MOST_LINES)
    return Drawing(
        areas=areas,
        levels=tuple(
            Label(0, _y(number * level * payload_bytes, scale), format_payloads(number * level))
            for number in range(int(top / level) + 1)
        ),
        peak=Label(
            round((staircase.peak + 0.5) * step_width),
            _y(steps[staircase.peak].total_bytes, scale),
            format_payloads(peak),
        ),
        composition=" + ".join(parts),
        limit=None
        if limit is None or limit > top
        else Label(0, _y(limit * payload_bytes, scale), f"limit {format_payloads(limit)}"),
        bands=tuple(_bands(staircase, step_width)),
        rows=1 + max((span.thread for span in staircase.spans), default=0),
        table=tuple(_table(staircase, shown, payload_bytes)),
    )


def _areas(staircase: Staircase, scale: float, step_width: float) -> Iterator[Area]:
    """Each from its lower edge to its upper one, as runs of steps in which it has something."""
    below = [0] * len(staircase.steps)
    for number, stage in enumerate(staircase.stages):
        sizes = [step.live_bytes[number] for step in staircase.steps]
        edges = [(low, low + size) for low, size in zip(below, sizes, strict=True)]
        below = [high for _, high in edges]
        if max(sizes, default=0) * scale >= 1:
            yield Area(stage, _path(edges, scale, step_width), _label(stage, edges, scale, step_width))


def _path(edges: Sequence[tuple[int, int]], scale: float, step_width: float) -> str:
    parts = []
    for has_some, run in groupby(enumerate(edges), key=lambda one: one[1][1] > one[1][0]):
        if not has_some:
            continue
        numbered = list(run)
        first, last = numbered[0][0], numbered[-1][0]
        upper = _edge([(number, high) for number, (_, high) in numbered], scale, step_width)
        lower = _edge([(number, low) for number, (low, _) in numbered], scale, step_width, back=True)
        parts.append(
            f"M{_short(first * step_width)} {_short(_y(numbered[0][1][0], scale))}{upper}"
            f"V{_short(_y(numbered[last - first][1][0], scale))}{lower}Z"
        )
    return "".join(parts)


def _edge(points: Sequence[tuple[int, int]], scale: float, step_width: float, *, back: bool = False) -> str:
    """Along the edge, with a corner only where it changes its height."""
    corners, last = [], None
    for number, size in reversed(points) if back else points:
        y = _short(_y(size, scale))
        if y != last:
            corners.append(f"V{y}")
            last = y
        corners.append(f"H{_short((number if back else number + 1) * step_width)}")
    kept = [
        corner
        for corner, following in zip(corners, [*corners[1:], ""], strict=True)
        if not (corner[0] == "H" and following[:1] == "H")
    ]
    return "".join(kept)


def _label(stage: str, edges: Sequence[tuple[int, int]], scale: float, step_width: float) -> Label | None:
    """In the widest run in which the area is high enough for letters."""
    best: tuple[float, Label] | None = None
    high_enough = [
        (number, low, high) for number, (low, high) in enumerate(edges) if (high - low) * scale >= 12
    ]
    for _, run in groupby(enumerate(high_enough), key=lambda one: (one[1][0] - one[0], one[1][1:])):
        same = [entry for _, entry in run]
        width = len(same) * step_width
        if width >= max(_LEAST_LABEL, len(stage) * _UNITS_PER_LETTER) and (best is None or width > best[0]):
            number, low, high = same[0]
            best = (
                width,
                Label(round(number * step_width + width / 2), round(_y((low + high) / 2, scale) + 4), stage),
            )
    return best[1] if best else None


def _bands(staircase: Staircase, step_width: float) -> Iterator[Band]:
    for stage in dict.fromkeys(span.stage for span in staircase.spans):
        path, labels = [], []
        for span in staircase.spans:
            x, width = span.begin * step_width, (span.end - span.begin) * step_width
            y = HEIGHT + BAND_GAP + BAND_HEIGHT * span.thread
            if span.stage != stage:
                continue
            path.append(f"M{_short(x)} {y}H{_short(x + width)}v{BAND_HEIGHT - 3}H{_short(x)}z")
            if width >= len(stage) * _UNITS_PER_LETTER:
                labels.append(Label(round(x + width / 2), y + BAND_HEIGHT - 6, stage))
        yield Band(stage, "".join(path), tuple(labels))


def _table(staircase: Staircase, shown: Sequence[str], payload_bytes: int) -> Iterator[tuple[str, ...]]:
    """A heading, and the highest of as many steps after each other as have to share a row."""
    yield ("step", *shown, "heap")
    for number, step in thinned(staircase, _MOST_ROWS):
        sizes = dict(zip(staircase.stages, step.live_bytes, strict=True))
        figures = (*(sizes[stage] for stage in shown), step.total_bytes)
        yield (f"{number + 1}", *(format_payloads(size / payload_bytes) for size in figures))


def _y(size_bytes: float, scale: float) -> int:
    return round(HEIGHT - size_bytes * scale)


def _short(value: float) -> str:
    """A coordinate, in as few characters as it takes."""
    return f"{value:.0f}"
