"""From observations to the flat metrics of the vocabulary, in payloads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cachekit_memprobe import metrics
from cachekit_memprobe.attribution.growth import growth_of
from cachekit_memprobe.attribution.heap import HeapUse
from cachekit_memprobe.attribution.stages import observation_of
from cachekit_memprobe.model import Measurement, StageUsage
from cachekit_memprobe.stages import STAGES


@dataclass(frozen=True)
class Figures:
    """``values`` by metric name, and ``spread``, largest minus smallest where a process was repeated."""

    values: Mapping[str, float]
    spread: Mapping[str, float]


def figures_of(measurement: Measurement, stages: tuple[StageUsage, ...], heap: HeapUse | None) -> Figures:
    """Every metric that was measured. One that wasn't is absent, never 0.

    Of repeated processes the worst counts: a budget is a promise about each read.
    """
    if measurement.payload is None:
        return Figures({}, {})
    sizes: dict[str, float | None] = {}
    if heap is not None:
        sizes.update(_heap_sizes(stages, heap))
    sizes.update(_verbatim_sizes(stages))
    sizes.update(_tracemalloc_sizes(measurement))
    sizes.update(_held_sizes(measurement))
    worst, spread = _resident_sizes(measurement)
    sizes.update(worst)
    readers = measurement.scenario.read.readers
    if readers > 1 and "rss.peak" in worst:
        sizes["rss.peak_per_reader"] = worst["rss.peak"] / readers
    payload_bytes = measurement.payload.logical_bytes
    return Figures(
        {name: size / payload_bytes for name, size in sizes.items() if size is not None},
        {name: size / payload_bytes for name, size in spread.items()},
    )


def _heap_sizes(stages: Iterable[StageUsage], heap: HeapUse) -> dict[str, float]:
    # A stage that the read never entered has been measured too: every block was booked elsewhere.
    sizes: dict[str, float] = {f"{kind}.{stage}": 0 for kind in ("copies", "live") for stage in STAGES}
    sizes["copies.total"] = sum(use.copies_bytes for use in heap.places)
    for stage in stages:
        sizes[f"copies.{stage.name}"] = stage.copies_bytes
        sizes[f"live.{stage.name}"] = stage.live_bytes
    sizes["peak.heap"] = heap.peak_bytes
    sizes["mapped.file"] = heap.mapped_bytes
    return sizes


def _verbatim_sizes(stages: Iterable[StageUsage]) -> dict[str, float]:
    known = {stage.name: float(stage.verbatim_bytes) for stage in stages if stage.verbatim_bytes is not None}
    if not known:
        return {}
    sizes = {f"verbatim.{stage}": known.get(stage, 0.0) for stage in STAGES}
    return {**sizes, "verbatim.total": sum(known.values())}


def _tracemalloc_sizes(measurement: Measurement) -> dict[str, float | None]:
    seen = observation_of(measurement, metrics.TRACEMALLOC)
    if seen is None:
        return {}
    return {
        "peak.tracemalloc": seen.data["peak"],
        "peak.tracemalloc_late": seen.data["late_peak"],
        "peak.arrow_pool": seen.data["arrow_pool_peak"],
    }


def _held_sizes(measurement: Measurement) -> dict[str, float | None]:
    seen = observation_of(measurement, metrics.RETENTION)
    if seen is None:
        return {}
    result, part = seen.data["result"], seen.data["slice"]
    # Something else may hold a frame, too: no more of it is the value's than what goes with the value.
    handed_bytes = sum(int(handed["size_bytes"]) for handed in seen.data["handed"])
    frame_bytes = max(0, min(handed_bytes, result["anon_bytes"] - result["pool_bytes"]))
    return {
        "held.result": result["anon_bytes"] + result["mapped_bytes"],
        "held.frame": frame_bytes,
        "held.arrow_pool": result["pool_bytes"],
        "held.mapping": result["mapped_bytes"],
        "held.heap": max(0, result["anon_bytes"] - result["pool_bytes"] - frame_bytes),
        "held.slice": None if part is None else part["anon_bytes"] + part["mapped_bytes"],
        "held.after": seen.data["after"]["anon_bytes"] + seen.data["after"]["mapped_bytes"],
    }


_PER_READ: Mapping[str, str] = {"rss.peak": "peak_bytes", "rss.anon": "anon_bytes", "rss.file": "file_bytes"}


def _resident_sizes(measurement: Measurement) -> tuple[dict[str, float], dict[str, float]]:
    processes = [seen.data["reads"] for seen in measurement.observations if seen.instrument == metrics.RSS]
    if not processes:
        return {}, {}
    of_process: dict[str, Callable[[list[Mapping[str, Any]]], float | None]] = {
        **{name: _worst_of(field) for name, field in _PER_READ.items()},
        "rss.total": lambda reads: max(float(read["baseline_bytes"] + read["peak_bytes"]) for read in reads),
        "rss.settled": lambda reads: reads[0]["settled_bytes"],
        "growth.per_read": _growth_of("settled_bytes"),
        "growth.anon": _growth_of("settled_anon_bytes"),
        "growth.file": _growth_of("settled_file_bytes"),
    }
    worst: dict[str, float] = {}
    spread: dict[str, float] = {}
    for name, figure in of_process.items():
        seen = [value for value in map(figure, processes) if value is not None]
        if seen:
            worst[name] = max(seen)
            spread[name] = max(seen) - min(seen)
    worst.update(_growth_margin(processes))
    return worst, spread


def _worst_of(field: str) -> Callable[[list[Mapping[str, Any]]], float | None]:
    return lambda reads: max(float(read[field]) for read in reads)


def _growth_of(part: str) -> Callable[[list[Mapping[str, Any]]], float | None]:
    """What each read of a process adds to that part of what it settles at.

    The file-backed part counts in the whole: a kept file map costs address space and a file, if no heap.
    """

    def per_read(reads: list[Mapping[str, Any]]) -> float | None:
        line = growth_of(reads, part)
        return None if line is None else line.slope

    return per_read


def _growth_margin(processes: Sequence[list[Mapping[str, Any]]]) -> dict[str, float]:
    """Of the process whose growth counts, the worst."""
    lines = [line for line in map(growth_of, processes) if line is not None]
    worst = max(lines, key=lambda line: line.slope, default=None)
    return {} if worst is None or worst.slope_margin is None else {"growth.margin": worst.slope_margin}
