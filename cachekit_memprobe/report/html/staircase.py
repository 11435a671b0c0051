"""The staircase of a read as SVG paths: levels of payloads, stages stacked, the read from left to right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.html.plot import (
    FINE,
    HEIGHT,
    LEAST_PAYLOADS,
    WIDTH,
    Detail,
    Label,
    Plane,
    outline,
    plane_of,
    short,
    stage_number,
)
from cachekit_memprobe.report.words.chart import coarser, highest
from cachekit_memprobe.result import Staircase
from cachekit_memprobe.units import format_payloads

BAND_GAP, BAND_HEIGHT = 6, 16
"""Of the bands below the plot."""
_UNITS_PER_LETTER, _LETTER_HEIGHT = 6.4, 12
_NOTICEABLE = 0.005
_Edges = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Area:
    """A stage's heap as one path; its name where there is room for it."""

    number: int
    stage: str
    path: str
    label: Label | None


Band = Area
"""Where the threads of the read were in a stage, as strokes; its name once, where it is there for longest."""


@dataclass(frozen=True)
class Key:
    """What a colour stands for, and how much of it there is at the peak; empty if it is too little to see."""

    number: int
    stage: str
    at_peak: str


@dataclass(frozen=True)
class Drawing:
    """All that is drawn of a staircase.

    Attributes:
        levels: horizontal lines, from the bottom up.
        peak: where it is, and how high.
        limit: the budget's line, if there is one within the picture.
        rows: of the bands, one for each thread.
        keys: of all stages that are drawn.
        table: what each stage has on the heap, step by step, as text.
    """

    areas: tuple[Area, ...]
    levels: tuple[Label, ...]
    peak: Label
    composition: str
    limit: Label | None
    bands: tuple[Band, ...]
    rows: int
    keys: tuple[Key, ...]
    table: tuple[tuple[str, ...], ...]


def drawing_of(
    staircase: Staircase,
    payload_bytes: int,
    limit: float | None = None,
    detail: Detail = FINE,
    *,
    beside: float = 0.0,
) -> Drawing | None:
    """``None`` if the read never has as much on the heap as can be seen.

    Args:
        limit: of ``peak.heap``, in payloads.
        beside: the highest peak of those that are drawn on the same scale, in payloads.
    """
    staircase = coarser(_clean(staircase), detail.steps)
    steps = staircase.steps
    peak = steps[staircase.peak].total_bytes / payload_bytes if steps else 0.0
    if not steps or max(peak, beside) < LEAST_PAYLOADS:
        return None
    plane, step_width = plane_of(payload_bytes, max(peak, beside), limit), WIDTH / len(steps)
    areas = tuple(_areas(staircase, plane, step_width))
    bands = tuple(_bands(staircase, step_width))
    shares = _shares(staircase, payload_bytes)
    top = Label(
        round((staircase.peak + 0.5) * step_width),
        plane.y(steps[staircase.peak].total_bytes),
        format_payloads(peak),
    )
    return Drawing(
        areas=areas,
        levels=plane.levels(detail.levels),
        peak=top,
        composition=" + ".join(f"{stage} {figure}" for stage, figure in shares.items()),
        limit=plane.limit(limit),
        bands=bands,
        rows=1 + max((span.thread for span in staircase.spans), default=0),
        keys=tuple(
            Key(stage_number(stage), stage, shares.get(stage, ""))
            for stage in dict.fromkeys(one.stage for one in (*areas, *bands))
        ),
        table=tuple(_table(staircase, [area.stage for area in areas], payload_bytes, detail.rows)),
    )


def _shares(staircase: Staircase, payload_bytes: int) -> Mapping[str, str]:
    """What each stage has of the peak, in payloads, as far as that can be seen."""
    at_peak = zip(staircase.stages, staircase.steps[staircase.peak].live_bytes, strict=True)
    payloads = ((stage, size / payload_bytes) for stage, size in at_peak)
    return {stage: format_payloads(share) for stage, share in payloads if share >= _NOTICEABLE}


def _clean(staircase: Staircase) -> Staircase:
    """The names of stages come out of a saved run."""
    return replace(
        staircase,
        stages=tuple(map(clean_line, staircase.stages)),
        spans=tuple(replace(span, stage=clean_line(span.stage)) for span in staircase.spans),
    )


def _areas(staircase: Staircase, plane: Plane, step_width: float) -> Iterator[Area]:
    """Each from its lower edge to its upper one, as runs of steps in which it has something."""
    below = [0] * len(staircase.steps)
    for number, stage in enumerate(staircase.stages):
        sizes = [step.live_bytes[number] for step in staircase.steps]
        edges = [(low, low + size) for low, size in zip(below, sizes, strict=True)]
        below = [high for _, high in edges]
        if plane.height(max(sizes, default=0)) >= 1:
            label = _label(stage, edges, plane, step_width)
            yield Area(stage_number(stage), stage, _path(edges, plane, step_width), label)


def _path(edges: _Edges, plane: Plane, step_width: float) -> str:
    parts = []
    for has_some, run in groupby(enumerate(edges), key=lambda one: one[1][1] > one[1][0]):
        if not has_some:
            continue
        numbered = list(run)
        if all(plane.y(low) == plane.y(high) for _, (low, high) in numbered):
            continue
        upper = [*_edge([(number, high) for number, (_, high) in numbered], plane, step_width)]
        lower = [*_edge([(number, low) for number, (low, _) in numbered], plane, step_width)]
        parts.append(outline([*upper, *reversed(lower)]))
    return "".join(parts)


def _edge(points: _Edges, plane: Plane, step_width: float) -> Iterator[tuple[float, int]]:
    """From left to right, each step as a horizontal line."""
    for number, size in points:
        y = plane.y(size)
        yield number * step_width, y
        yield (number + 1) * step_width, y


def _label(stage: str, edges: _Edges, plane: Plane, step_width: float) -> Label | None:
    """In the widest run in which the area is high enough for letters."""
    best: tuple[float, Label] | None = None
    high_enough = [
        (number, low, high)
        for number, (low, high) in enumerate(edges)
        if plane.height(high - low) >= _LETTER_HEIGHT
    ]
    for _, run in groupby(enumerate(high_enough), key=lambda one: (one[1][0] - one[0], one[1][1:])):
        same = [entry for _, entry in run]
        width = len(same) * step_width
        if width >= len(stage) * _UNITS_PER_LETTER and (best is None or width > best[0]):
            number, low, high = same[0]
            middle = round(number * step_width + width / 2)
            best = width, Label(middle, plane.y((low + high) / 2) + 4, stage)
    return best[1] if best else None


def _bands(staircase: Staircase, step_width: float) -> Iterator[Band]:
    for stage in dict.fromkeys(span.stage for span in staircase.spans):
        spans = [span for span in staircase.spans if span.stage == stage]
        longest = max(spans, key=lambda span: span.end - span.begin)
        width, label = (longest.end - longest.begin) * step_width, None
        if width >= len(stage) * _UNITS_PER_LETTER + 4:
            middle = round(longest.begin * step_width + width / 2)
            label = Label(middle, _band_y(longest.thread) + 4, stage)
        path = "".join(
            f"M{short(span.begin * step_width)} {_band_y(span.thread)}H{short(span.end * step_width)}"
            for span in spans
        )
        yield Band(stage_number(stage), stage, path, label)


def _band_y(thread: int) -> int:
    """Of its middle."""
    return HEIGHT + BAND_GAP + BAND_HEIGHT * thread + BAND_HEIGHT // 2


def _table(
    staircase: Staircase, shown: Sequence[str], payload_bytes: int, most_rows: int
) -> Iterator[tuple[str, ...]]:
    """A heading, and rows of steps that show the same; of more than there is room for, the highest."""
    yield ("step", *shown, "heap")
    rows = []
    for number, step in enumerate(staircase.steps, 1):
        sizes = dict(zip(staircase.stages, step.live_bytes, strict=True))
        figures = (*(sizes[stage] for stage in shown), step.total_bytes)
        texts = tuple(format_payloads(size / payload_bytes) for size in figures)
        rows.append((number, step.total_bytes, texts))
    runs = [[*run] for _, run in groupby(rows, key=lambda row: row[2])]
    for run in highest(runs, most_rows, lambda run: max(total for _, total, _ in run)):
        first, last = run[0][0], run[-1][0]
        yield (f"{first}" if first == last else f"{first} to {last}", *run[0][2])
