"""A metric along the axis as a step chart, in units of the SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cachekit_memprobe.history import Point, Step
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.history.phrases import shortened, step_label
from cachekit_memprobe.report.history.telling import Curve
from cachekit_memprobe.report.html.plot import HEIGHT, LEAST_PAYLOADS, WIDTH, Label, plane_of
from cachekit_memprobe.units import format_payloads

_INSET = 14
_LEVELS = 4
_CHARACTER = 6.4
"""How wide one of a label is."""

_GAP = 10
_ROW = 15
_MOST_TICKS = 9
_LONGEST_LABEL, _LONGEST_TICK = 48, 14


@dataclass(frozen=True)
class Dot:
    """A point of the axis at which there is a figure.

    Attributes:
        link: of its report; empty if there is none.
        name: what it is, for those who don't see it.
    """

    x: int
    y: int
    link: str
    name: str


@dataclass(frozen=True)
class Mark:
    """A step, with its label in one of the rows above the chart.

    Attributes:
        kind: ``more`` or ``less``.
        below, above: the ends of the step's vertical line.
        anchor: ``start`` or ``end``, whichever side of the step has room.
    """

    x: int
    below: int
    above: int
    kind: str
    label: str
    label_y: int
    anchor: str


@dataclass(frozen=True)
class Chart:
    """One metric.

    Attributes:
        path: along the figures; it is broken where one is missing.
        lacking: where there is no figure.
        ticks: the labels below, which name some of the points.
        rows: of labels above the plane.
    """

    metric: str
    likewise: tuple[str, ...]
    description: str
    path: str
    dots: tuple[Dot, ...]
    lacking: tuple[int, ...]
    marks: tuple[Mark, ...]
    levels: tuple[Label, ...]
    ticks: tuple[Label, ...]
    rows: int

    @property
    def head(self) -> int:
        """The height of the labels above."""
        return self.rows * _ROW


def chart_of(curve: Curve, points: Sequence[Point], links: Sequence[str]) -> Chart:
    """The drawing of a curve.

    Args:
        links: of each point's report, empty where there is none.
    """
    known = [figure for figure in curve.figures if figure is not None]
    # Sizes are in payloads already, so that one is a payload.
    plane = plane_of(1, max(*known, LEAST_PAYLOADS), None, min(known))
    xs = _places(len(points))
    ys = [None if figure is None else plane.y(figure) for figure in curve.figures]
    marks = tuple(_marks(curve.steps, points, xs, ys))
    return Chart(
        metric=curve.metric,
        likewise=curve.likewise,
        description=_description(curve, points),
        path=_path(xs, ys),
        dots=tuple(
            Dot(x, y, link, f"{clean_line(point.label)}: {format_payloads(figure)}")
            for x, y, link, point, figure in zip(xs, ys, links, points, curve.figures, strict=True)
            if y is not None and figure is not None
        ),
        lacking=tuple(x for x, y in zip(xs, ys, strict=True) if y is None),
        marks=marks,
        levels=plane.levels(_LEVELS),
        ticks=tuple(_ticks(curve.steps, points, xs)),
        rows=1 + max((-mark.label_y // _ROW for mark in marks), default=0),
    )


def _places(count: int) -> list[int]:
    if count == 1:
        return [WIDTH // 2]
    return [round(_INSET + (WIDTH - 2 * _INSET) * number / (count - 1)) for number in range(count)]


def _path(xs: Sequence[int], ys: Sequence[int | None]) -> str:
    """Along each figure up to the next one, where it changes."""
    drawn, before = "", None
    for x, y in zip(xs, ys, strict=True):
        if y is not None:
            drawn += f"M{x} {y}" if before is None else f"H{x}" + (f"V{y}" if y != before else "")
        before = y
    return drawn


def _marks(
    steps: Sequence[Step], points: Sequence[Point], xs: Sequence[int], ys: Sequence[int | None]
) -> Iterator[Mark]:
    """Each label in the lowest row that has room for it."""
    taken: list[float] = []
    for step in sorted(steps, key=lambda one: one.new):
        x, base_y, new_y = xs[step.new], ys[step.base], ys[step.new]
        if base_y is None or new_y is None:
            continue
        label = shortened(step_label(step, points), _LONGEST_LABEL)
        anchor = "start" if x < WIDTH / 2 else "end"
        width = len(label) * _CHARACTER
        begin = x if anchor == "start" else max(0.0, x - width)
        row = next((number for number, end in enumerate(taken) if end + _GAP <= begin), len(taken))
        taken[row : row + 1] = [begin + width]
        yield Mark(
            x=x,
            below=max(base_y, new_y),
            above=min(base_y, new_y),
            kind="more" if step.change > 0 else "less",
            label=label,
            label_y=-6 - row * _ROW,
            anchor=anchor,
        )


def _ticks(steps: Sequence[Step], points: Sequence[Point], xs: Sequence[int]) -> Iterator[Label]:
    """The ends and the steps, and of the others as many as there is room for."""
    last = len(points) - 1
    every = max(1, round(last / _MOST_TICKS))
    wanted = [0, last, *(step.new for step in steps), *range(0, last, every)]
    shown: list[tuple[float, float]] = []
    for number in dict.fromkeys(wanted):
        words = shortened(clean_line(points[number].label), _LONGEST_TICK)
        half = len(words) * _CHARACTER / 2 + _GAP / 2
        begin, end = xs[number] - half, xs[number] + half
        if all(end <= other or begin >= another for other, another in shown):
            shown.append((begin, end))
            yield Label(xs[number], HEIGHT + 16, words)


def _description(curve: Curve, points: Sequence[Point]) -> str:
    """The steps in words; where there is none, that there is none."""
    if not curve.steps:
        return "It has no step."
    return "; ".join(step_label(step, points) for step in curve.steps) + "."
