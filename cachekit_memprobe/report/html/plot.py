"""What the drawings share: a plane in units of the SVG, levels of payloads, and short coordinates."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise

from cachekit_memprobe.child.stages import OTHER, STAGES
from cachekit_memprobe.units import format_payloads

WIDTH, HEIGHT = 640, 180
"""Of a plot; its origin is at the lower left corner, below which the rest of a drawing has room."""

_NICE = (0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
LEAST_PAYLOADS = _NICE[0] / 2
"""What has no more than this isn't worth a drawing."""


@dataclass(frozen=True)
class Detail:
    """How much of it is drawn, at most.

    Attributes:
        steps: of a staircase.
        rows: of the table of its steps.
        samples: of the resident set, for each read.
        levels: lines of payloads.
    """

    steps: int
    rows: int
    samples: int
    levels: int


FINE = Detail(steps=300, rows=12, samples=80, levels=10)
COARSE = Detail(steps=40, rows=3, samples=8, levels=4)


@dataclass(frozen=True)
class Label:
    """Words at a point."""

    x: int
    y: int
    words: str


@dataclass(frozen=True)
class Plane:
    """Turns sizes into heights.

    Attributes:
        top, bottom: in payloads; the bottom is 0 or less.
    """

    payload_bytes: int
    top: float
    bottom: float = 0.0

    def y(self, size_bytes: float) -> int:
        return round(
            HEIGHT - (size_bytes / self.payload_bytes - self.bottom) * HEIGHT / (self.top - self.bottom)
        )

    def height(self, size_bytes: float) -> float:
        return size_bytes / self.payload_bytes * HEIGHT / (self.top - self.bottom)

    def levels(self, most: int) -> tuple[Label, ...]:
        """Horizontal lines, from 0 up, one a payload where there is room."""
        nice = (nice for nice in _NICE if nice >= 1 or self.top < 2)
        level = next((one for one in nice if self.top / one <= most), self.top / most)
        return tuple(
            Label(0, self.y(number * level * self.payload_bytes), f"{number * level:g}x")
            for number in range(int(self.top / level) + 1)
        )

    def limit(self, payloads: float | None) -> Label | None:
        """A limit's line, if it is within the picture."""
        if payloads is None or payloads > self.top:
            return None
        return Label(4, self.y(payloads * self.payload_bytes), f"limit {format_payloads(payloads)}")


def plane_of(payload_bytes: int, peak: float, limit: float | None, lowest: float = 0.0) -> Plane:
    """High enough for the peak, and for a limit that isn't far above it; all in payloads."""
    shown = limit if limit is not None and limit < 2 * peak else 0.0
    return Plane(payload_bytes, max(peak, shown) * 1.08, min(0.0, lowest))


def stage_number(stage: str) -> int:
    """Which colour and pattern is a stage's; a stage that isn't known is drawn as what belongs to none."""
    return STAGES.index(stage if stage in STAGES else OTHER)


def outline(points: Iterable[tuple[float, int]]) -> str:
    """A closed path along horizontal and vertical lines, from each corner to the next as a difference.

    Its last line, back to the first corner, is left out.
    """
    whole = [point for point, _ in groupby((round(x), y) for x, y in points)]
    (x0, y0), *_ = whole
    steps: list[tuple[str, int]] = []
    for before, (x, y) in pairwise(whole):
        axis, change = ("h", x - before[0]) if y == before[1] else ("v", y - before[1])
        if steps and steps[-1][0] == axis:
            change += steps.pop()[1]
        steps.append((axis, change))
    return f"M{x0} {y0}{''.join(f'{axis}{change}' for axis, change in steps)}z"


def polygon(points: Iterable[tuple[float, int]]) -> str:
    """A closed path, from each corner to the next as a difference; what lies on one line is one."""
    whole = [point for point, _ in groupby((round(x), y) for x, y in points)]
    corners = [
        whole[number]
        for number in range(len(whole))
        if number in (0, len(whole) - 1)
        or not whole[number - 1][1] == whole[number][1] == whole[number + 1][1]
    ]
    steps = [f"{x - x0} {y - y0}" for (x0, y0), (x, y) in pairwise(corners)]
    return f"M{whole[0][0]} {whole[0][1]}l{' '.join(steps).replace(' -', '-')}z"


def short(value: float) -> str:
    """A coordinate, in as few characters as it takes."""
    return f"{value:.0f}"
