"""From observations to the flat metrics of the vocabulary, in payloads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

from cachekit_memprobe.attribution.aftermath import aftermath_of
from cachekit_memprobe.attribution.growth import Part, growth_of, left_behind, settled
from cachekit_memprobe.attribution.heap import HeapUse
from cachekit_memprobe.child.seen import Held, ReadFigures, RetentionSeen, RssSeen
from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Measurement
from cachekit_memprobe.result import StageUsage


@dataclass(frozen=True)
class Figures:
    """By metric name.

    Attributes:
        spread: largest minus smallest, where a process was repeated.
        repeats: the figure of each of those processes, in their order.
    """

    values: Mapping[str, float]
    spread: Mapping[str, float]
    repeats: Mapping[str, tuple[float, ...]]


def figures_of(measurement: Measurement, stages: tuple[StageUsage, ...], heap: HeapUse | None) -> Figures:
    """Every metric that was measured. One that wasn't is absent, never 0.

    Of repeated processes the worst counts: a budget is a promise about each read.

    Raises:
        CouldNotMeasure: a figure is not finite.
    """
    if measurement.payload is None:
        return Figures({}, {}, {})
    sizes: dict[str, float | None] = {}
    if heap is not None:
        sizes.update(_heap_sizes(stages, heap))
    sizes.update(_aftermath_sizes(measurement, heap))
    sizes.update(_verbatim_sizes(stages))
    if heap is not None and measurement.seen.aliasing is not None:
        sizes.update(_moved_sizes(stages))
    sizes.update(_tracemalloc_sizes(measurement))
    sizes.update(_held_sizes(measurement))
    worst, repeats = _resident_sizes(measurement)
    sizes.update(worst)
    readers = measurement.scenario.read.readers
    if readers > 1 and "rss.peak" in worst:
        sizes["rss.peak_per_reader"] = worst["rss.peak"] / readers
    payload_bytes = measurement.payload.logical_bytes
    return Figures(
        _finite({name: size / payload_bytes for name, size in sizes.items() if size is not None}),
        _finite({name: (max(each) - min(each)) / payload_bytes for name, each in repeats.items()}),
        {name: tuple(size / payload_bytes for size in each) for name, each in repeats.items()},
    )


def _finite(figures: dict[str, float]) -> Mapping[str, float]:
    for name, figure in figures.items():
        if not isfinite(figure):
            raise CouldNotMeasure(f"{name} comes to {figure}, which is no figure")
    return figures


def _heap_sizes(stages: Iterable[StageUsage], heap: HeapUse) -> dict[str, float]:
    # A stage that the read never entered has been measured too: every block was booked elsewhere.
    sizes: dict[str, float] = {
        f"{kind}.{stage}": 0 for kind in ("copies", "live", "peak") for stage in STAGES
    }
    sizes["copies.total"] = sum(use.copies_bytes for use in heap.places)
    for stage in stages:
        sizes[f"copies.{stage.name}"] = stage.copies_bytes
        sizes[f"live.{stage.name}"] = stage.live_bytes
    sizes.update({f"peak.{stage}": size for stage, size in heap.stage_peaks.items()})
    sizes["peak.heap"] = heap.peak_bytes
    sizes["mapped.file"] = heap.mapped_bytes
    sizes["mapped.shared"] = heap.shared_bytes
    return sizes


def _aftermath_sizes(measurement: Measurement, heap: HeapUse | None) -> dict[str, float]:
    aftermath = aftermath_of(measurement, heap)
    if aftermath is None:
        return {}
    return {
        "aftermath.copies": aftermath.copies_bytes,
        "aftermath.peak": aftermath.peak_bytes,
        "aftermath.drop": aftermath.drop_bytes,
    }


def _verbatim_sizes(stages: Iterable[StageUsage]) -> dict[str, float]:
    known = {stage.name: float(stage.verbatim_bytes) for stage in stages if stage.verbatim_bytes is not None}
    if not known:
        return {}
    sizes = {f"verbatim.{stage}": known.get(stage, 0.0) for stage in STAGES}
    return {**sizes, "verbatim.total": sum(known.values())}


def _moved_sizes(stages: Iterable[StageUsage]) -> dict[str, float]:
    known = {stage.name: float(stage.moved_bytes) for stage in stages}
    sizes = {f"moved.{stage}": known.get(stage, 0.0) for stage in STAGES}
    return {**sizes, "moved.total": sum(known.values())}


def _tracemalloc_sizes(measurement: Measurement) -> dict[str, float | None]:
    seen = measurement.seen.tracemalloc
    if seen is None:
        return {}
    return {
        "peak.tracemalloc": seen.peak_bytes,
        "peak.tracemalloc_late": seen.late_peak_bytes,
        "peak.arrow_pool": seen.arrow_pool_peak_bytes,
    }


def _held_sizes(measurement: Measurement) -> dict[str, float | None]:
    seen = measurement.seen.retention
    if seen is None:
        return {}
    result, part = seen.result, seen.part
    # Something else may hold a frame, too: no more of it is the value's than what goes with the value.
    handed_bytes = sum(handed.size_bytes for handed in seen.handed)
    frame_bytes = max(0, min(handed_bytes, result.anon_bytes - result.pool_bytes))
    return {
        "held.result": _held_bytes(result),
        "held.frame": frame_bytes,
        "held.arrow_pool": result.pool_bytes,
        "held.mapping": result.mapped_bytes,
        "held.shared": result.shared_bytes,
        "held.heap": max(0, result.anon_bytes - result.pool_bytes - frame_bytes),
        "held.slice": None if part is None else _held_bytes(part),
        "held.after": _held_bytes(seen.after),
        "held.first": _kept_of_the_first(seen),
    }


def _held_bytes(held: Held) -> int:
    return held.anon_bytes + held.mapped_bytes + (held.shared_bytes or 0)


def _kept_of_the_first(seen: RetentionSeen) -> float | None:
    """What a process keeps of its first read, over what it keeps of a first read of a small value."""
    if seen.first is None or seen.set_up is None:
        return None
    kept, set_up = seen.first.after, seen.set_up
    shared_bytes = (kept.shared_bytes or 0) - (set_up.shared_bytes or 0)
    return (
        max(0, kept.anon_bytes - set_up.anon_bytes)
        + max(0, kept.mapped_bytes - set_up.mapped_bytes)
        + max(0, shared_bytes)
    )


Reads = Sequence[ReadFigures]

_OF_PROCESS: Mapping[str, Callable[[Reads], float | None]] = {
    "rss.peak": lambda reads: max(read.peak_bytes for read in reads),
    "rss.anon": lambda reads: max(read.anon_bytes for read in reads),
    "rss.file": lambda reads: max(read.file_bytes for read in reads),
    "rss.shared": lambda reads: _known_max(read.shared_bytes for read in reads),
    "rss.total": lambda reads: max(read.baseline_bytes + read.peak_bytes for read in reads),
    "rss.resting": lambda reads: reads[0].baseline_bytes + max(read.settled_bytes for read in reads),
    "rss.settled": lambda reads: reads[0].settled_bytes,
    "growth.per_read": lambda reads: _slope(reads, settled),
    "growth.total": left_behind,
    "growth.anon": lambda reads: _slope(reads, lambda read: read.settled_anon_bytes),
    "growth.file": lambda reads: _slope(reads, lambda read: read.settled_file_bytes),
    "growth.shared": lambda reads: (
        None
        if any(read.settled_shared_bytes is None for read in reads)
        else _slope(reads, lambda read: read.settled_shared_bytes or 0)
    ),
}
"""A metric of one rss process, in bytes."""


def _resident_sizes(measurement: Measurement) -> tuple[dict[str, float], dict[str, list[float]]]:
    """The worst of each metric, and the figures of all processes."""
    processes = [seen.reads for seen in measurement.seen.rss]
    repeats: dict[str, list[float]] = {}
    for name, figure in _OF_PROCESS.items():
        values = [value for value in map(figure, processes) if value is not None]
        if values:
            repeats[name] = values
    left = [size for size in map(_uncollected_bytes, measurement.seen.rss) if size is not None]
    if left:
        repeats["growth.uncollected"] = left
    worst = {name: max(values) for name, values in repeats.items()}
    worst.update(_growth_margin(processes))
    return worst, repeats


def _uncollected_bytes(process: RssSeen) -> float | None:
    """Of a read in the middle: the collector may run by itself, and of the first read it finds set-up.

    As deployed it runs when all reads are over, and each has its share of what it finds.
    """
    reads = process.reads
    if process.uncollected_bytes is not None and reads:
        return process.uncollected_bytes / len(reads)
    left = [read.dropped_bytes - read.settled_bytes for read in reads if read.dropped_bytes is not None]
    return float(median(left)) if left else None


def _known_max(sizes: Iterable[int | None]) -> int | None:
    return max((size for size in sizes if size is not None), default=None)


def _slope(reads: Reads, part: Part) -> float | None:
    line = growth_of(reads, part)
    return None if line is None else line.slope


def _growth_margin(processes: Sequence[Reads]) -> dict[str, float]:
    """Of the process whose growth counts, the worst."""
    lines = [line for line in map(growth_of, processes) if line is not None]
    worst = max(lines, key=lambda line: line.slope, default=None)
    return {} if worst is None or worst.slope_margin is None else {"growth.margin": worst.slope_margin}
