"""The resident set over the reads of one process as SVG paths, the reads after each other, equally wide."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cachekit_memprobe.child.seen import ReadFigures, RssSample
from cachekit_memprobe.report.html.plot import (
    FINE,
    LEAST_PAYLOADS,
    WIDTH,
    Detail,
    Label,
    Plane,
    plane_of,
    polygon,
    short,
)
from cachekit_memprobe.report.view import in_payloads
from cachekit_memprobe.result import Result
from cachekit_memprobe.units import format_payloads

_PARTS: tuple[tuple[str, Callable[[RssSample], int]], ...] = (
    ("anonymous", lambda sample: sample.anon_bytes),
    ("file-backed", lambda sample: sample.file_bytes),
    ("shared", lambda sample: sample.shared_bytes),
)
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
    """A read in the picture.

    Attributes:
        stays: of each part, what was there before it and not before the first one, in bytes.
    """

    read: ReadFigures
    left: float
    width: float
    stays: tuple[int, int, int]
    course: Sequence[RssSample]

    @property
    def offset_bytes(self) -> int:
        return sum(self.stays)

    @property
    def end(self) -> float:
        return self.left + self.width * (1 - _REST)

    def across(self, y: int) -> str:
        return f"M{short(self.left)} {y}H{short(self.end)}"


def course_of(result: Result, detail: Detail = FINE) -> Course | None:
    """``None`` if no samples were kept, or the reads never take as much as can be seen."""
    reads, payload = result.resident, result.payload
    if payload is None or not any(read.course for read in reads):
        return None
    limit = next((budget.limit for budget in result.budgets if budget.metric == "rss.peak"), None)
    shown = _side_by_side(reads, detail.samples)
    highest = max(shown, key=lambda one: one.offset_bytes + one.read.peak_bytes)
    peak = in_payloads(highest.offset_bytes + highest.read.peak_bytes, payload)
    if peak < LEAST_PAYLOADS:
        return None
    lowest = in_payloads(min(min(one.offset_bytes, one.read.settled_bytes) for one in shown), payload)
    most_before = in_payloads(max(one.offset_bytes for one in shown), payload)
    plane = plane_of(payload.logical_bytes, peak, None if limit is None else limit + most_before, lowest)
    limit_bytes = 0 if limit is None else limit * payload.logical_bytes
    limits = [plane.y(one.offset_bytes + limit_bytes) for one in shown]
    is_limited = limit is not None and min(limits) >= 0
    return Course(
        levels=plane.levels(detail.levels),
        layers=tuple(_layers(shown, plane)),
        peaks=_across(shown, [plane.y(one.offset_bytes + one.read.peak_bytes) for one in shown]),
        limits=_limits(shown, limits) if is_limited else "",
        limit=Label(4, limits[0], f"limit {format_payloads(limit)}") if limit and is_limited else None,
        settled="".join(_settled(one, plane) for one in shown),
        names=tuple(_name(number, one) for number, one in enumerate(shown, 1)),
        peak=Label(
            round((highest.left + highest.end) / 2),
            plane.y(highest.offset_bytes + highest.read.peak_bytes),
            format_payloads(peak),
        ),
    )


def _side_by_side(reads: Sequence[ReadFigures], most_samples: int) -> Sequence[_Shown]:
    width = WIDTH / len(reads)
    return [
        _Shown(read, number * width, width, _stays(read, reads[0]), _thinned(read.course, most_samples))
        for number, read in enumerate(reads)
    ]


def _stays(read: ReadFigures, first: ReadFigures) -> tuple[int, int, int]:
    """Of which part it is isn't told by folders of earlier versions: it is mostly anonymous."""
    stays_bytes = read.baseline_bytes - first.baseline_bytes
    if read.baseline_anon_bytes is None or first.baseline_anon_bytes is None:
        return (stays_bytes, 0, 0)
    anon_bytes = read.baseline_anon_bytes - first.baseline_anon_bytes
    return (
        (anon_bytes, stays_bytes - anon_bytes, 0) if 0 <= anon_bytes <= stays_bytes else (stays_bytes, 0, 0)
    )


def _across(shown: Sequence[_Shown], heights: Sequence[int]) -> str:
    return "".join(one.across(y) for one, y in zip(shown, heights, strict=True))


def _limits(shown: Sequence[_Shown], heights: Sequence[int]) -> str:
    """One line for all reads where nothing that can be seen has stayed of the reads before."""
    if max(heights) - min(heights) <= 1:
        return f"M0 {heights[0]}H{WIDTH}"
    return _across(shown, heights)


def _thinned(course: Sequence[RssSample], most: int) -> Sequence[RssSample]:
    """The first, the last, the highest, and one after the other those that the lines between miss most.

    So a tower stays a tower and a fall stays a fall, however few there are.
    """
    if len(course) <= most:
        return course
    highest = max(range(len(course)), key=lambda number: _resident_bytes(course[number]))
    kept = sorted({0, highest, len(course) - 1})
    while len(kept) < most:
        missed = [_most_missed(course, begin, end) for begin, end in pairwise(kept)]
        by_bytes, number = max(missed)
        if not by_bytes:
            break
        kept = sorted({*kept, number})
    return [course[number] for number in kept]


def _most_missed(course: Sequence[RssSample], begin: int, end: int) -> tuple[float, int]:
    """By how much a straight line from one sample to another misses one between them, and which."""
    first, last = course[begin], course[end]
    span_us = max(1, last.elapsed_us - first.elapsed_us)

    def missed_bytes(number: int) -> float:
        share = (course[number].elapsed_us - first.elapsed_us) / span_us
        on_line = _resident_bytes(first) + share * (_resident_bytes(last) - _resident_bytes(first))
        return abs(_resident_bytes(course[number]) - on_line)

    return max(((missed_bytes(number), number) for number in range(begin + 1, end)), default=(0.0, begin))


def _resident_bytes(sample: RssSample) -> int:
    return sum(part(sample) for _, part in _PARTS)


def _layers(shown: Sequence[_Shown], plane: Plane) -> Iterator[Layer]:
    """From the bottom up; a part that nobody could see is left out."""
    for number, (name, part) in enumerate(_PARTS):
        sizes = [one.stays[number] + part(sample) for one in shown for sample in one.course]
        if plane.height(max(sizes)) >= 1:
            yield Layer(number, name, "".join(_area(one, number, plane) for one in shown))


def _area(one: _Shown, number: int, plane: Plane) -> str:
    """Of one part in one read, from what is below it to its own height; with what stayed of reads before."""
    course = one.course
    if not course:
        return ""
    span_us = max(1, course[-1].elapsed_us - course[0].elapsed_us)
    points = []
    for sample in course:
        x = one.left + (sample.elapsed_us - course[0].elapsed_us) / span_us * (one.end - one.left)
        sizes = [max(0, stay + part(sample)) for stay, (_, part) in zip(one.stays, _PARTS, strict=True)]
        below, own = sum(sizes[:number]), sum(sizes[: number + 1])
        points.append((x, plane.y(below), plane.y(own)))
    if all(low == high for _, low, high in points):
        return ""
    lower = [(x, low) for x, low, _ in points]
    return polygon([*((x, high) for x, _, high in points), *reversed(lower)])


def _settled(one: _Shown, plane: Plane) -> str:
    return f"M{short(one.end)} {plane.y(one.read.settled_bytes)}H{short(one.left + one.width)}"


def _name(number: int, one: _Shown) -> Label:
    return Label(round((one.left + one.end) / 2), 0, f"{number}")
