"""The resident set over the reads of one process as SVG paths, the reads after each other, equally wide."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cachekit_memprobe.child.seen import ReadFigures, RssSample
from cachekit_memprobe.report.html.plot import LEAST_PAYLOADS, WIDTH, Label, Plane, plane_of, polygon, short
from cachekit_memprobe.report.view import in_payloads, noticeable
from cachekit_memprobe.result import Result
from cachekit_memprobe.units import format_payloads

_PARTS: tuple[tuple[str, Callable[[RssSample], int]], ...] = (
    ("anonymous", lambda sample: sample.anon_bytes),
    ("file-backed", lambda sample: sample.file_bytes),
    ("shared", lambda sample: sample.shared_bytes),
)
MOST_SAMPLES = 80
_REST = 0.15
"""Of a read's width, in which it is over: there its settled level is drawn."""


@dataclass(frozen=True)
class Layer:
    """A part of the resident set; ``number`` is that of its colour."""

    number: int
    name: str
    path: str


@dataclass(frozen=True)
class Course:
    """All that is drawn of the reads.

    Attributes:
        peaks: the kernel's own marks, a path; samples may stay below them.
        limits: of each read over what was resident before it, a path; empty without a limit in the picture.
        settled: what stays after each read, a path.
        names: the numbers of the reads.
        peak: the highest mark.
    """

    levels: tuple[Label, ...]
    layers: tuple[Layer, ...]
    peaks: str
    limits: str
    limit: Label | None
    settled: str
    names: tuple[Label, ...]
    peak: Label


@dataclass(frozen=True)
class _Shown:
    """A read in the picture; ``offset_bytes`` is what was there before it and not before the first one."""

    read: ReadFigures
    left: float
    width: float
    offset_bytes: int
    course: Sequence[RssSample]

    @property
    def end(self) -> float:
        return self.left + self.width * (1 - _REST)

    def across(self, y: int) -> str:
        return f"M{short(self.left)} {y}H{short(self.end)}"


def course_of(result: Result, most_samples: int = MOST_SAMPLES) -> Course | None:
    """``None`` if no samples were kept, or the reads never take as much as can be seen.

    Args:
        most_samples: of each read that are drawn.
    """
    reads, payload = result.resident, result.payload
    if payload is None or not any(read.course for read in reads):
        return None
    limit = next((budget.limit for budget in result.budgets if budget.metric == "rss.peak"), None)
    shown = _side_by_side(reads, most_samples)
    highest = max(shown, key=lambda one: one.offset_bytes + one.read.peak_bytes)
    peak = in_payloads(highest.offset_bytes + highest.read.peak_bytes, payload)
    if peak < LEAST_PAYLOADS:
        return None
    lowest = in_payloads(min(min(one.offset_bytes, one.read.settled_bytes) for one in shown), payload)
    plane = plane_of(payload.logical_bytes, peak, limit, lowest)
    limit_bytes = 0 if limit is None else limit * payload.logical_bytes
    limits = [plane.y(one.offset_bytes + limit_bytes) for one in shown]
    return Course(
        levels=plane.levels(),
        layers=tuple(_layers(shown, plane)),
        peaks=_across(shown, [plane.y(one.offset_bytes + one.read.peak_bytes) for one in shown]),
        limits=_limits(shown, limits) if plane.limit(limit) else "",
        limit=plane.limit(limit),
        settled="".join(_settled(one, plane) for one in shown),
        names=tuple(_name(number, one) for number, one in enumerate(shown, 1)),
        peak=Label(
            round((highest.left + highest.end) / 2),
            plane.y(highest.offset_bytes + highest.read.peak_bytes),
            format_payloads(peak),
        ),
    )


def _side_by_side(reads: Sequence[ReadFigures], most_samples: int) -> Sequence[_Shown]:
    width, first_bytes = WIDTH / len(reads), reads[0].baseline_bytes
    return [
        _Shown(
            read,
            number * width,
            width,
            read.baseline_bytes - first_bytes,
            _thinned(read.course, most_samples),
        )
        for number, read in enumerate(reads)
    ]


def _across(shown: Sequence[_Shown], heights: Sequence[int]) -> str:
    return "".join(one.across(y) for one, y in zip(shown, heights, strict=True))


def _limits(shown: Sequence[_Shown], heights: Sequence[int]) -> str:
    """One line for all reads where nothing that can be seen has stayed of the reads before."""
    if max(heights) - min(heights) <= 1:
        return f"M0 {heights[0]}H{WIDTH}"
    return _across(shown, heights)


def _thinned(course: Sequence[RssSample], most: int) -> Sequence[RssSample]:
    """The first and the last, and of neighbours of which only one can stay the highest."""
    if len(course) <= most:
        return course
    bounds = [1 + number * (len(course) - 2) // (most - 2) for number in range(most - 1)]
    inner = [max(course[begin:end], key=_resident_bytes) for begin, end in pairwise(bounds)]
    return [course[0], *inner, course[-1]]


def _resident_bytes(sample: RssSample) -> int:
    return sum(part(sample) for _, part in _PARTS)


def _layers(shown: Sequence[_Shown], plane: Plane) -> Iterator[Layer]:
    """From the bottom up; a part that nobody could see is left out."""
    for number, (name, part) in enumerate(_PARTS):
        sizes = [part(sample) for one in shown for sample in one.course]
        if noticeable(max(sizes) / plane.payload_bytes):
            yield Layer(number, name, "".join(_area(one, number, plane) for one in shown))


def _area(one: _Shown, number: int, plane: Plane) -> str:
    """Of one part in one read, from what is below it to its own height."""
    course = one.course
    if not course:
        return ""
    span_us = max(1, course[-1].elapsed_us - course[0].elapsed_us)
    points = []
    for sample in course:
        x = one.left + (sample.elapsed_us - course[0].elapsed_us) / span_us * (one.end - one.left)
        sizes = [max(0, part(sample)) for _, part in _PARTS[: number + 1]]
        points.append(
            (x, plane.y(one.offset_bytes + sum(sizes[:-1])), plane.y(one.offset_bytes + sum(sizes)))
        )
    if all(low == high for _, low, high in points):
        return ""
    lower = [(x, low) for x, low, _ in points]
    return polygon([*((x, high) for x, _, high in points), *reversed(lower)])


def _settled(one: _Shown, plane: Plane) -> str:
    return f"M{short(one.end)} {plane.y(one.read.settled_bytes)}H{short(one.left + one.width)}"


def _name(number: int, one: _Shown) -> Label:
    return Label(round((one.left + one.end) / 2), 0, f"{number}")
