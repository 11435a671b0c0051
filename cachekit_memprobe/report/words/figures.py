"""The peaks of a read, of the heap, of tracemalloc and of RSS, each with what it is made of."""

from collections.abc import Iterable
from dataclasses import dataclass

from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.report.view import AS_DEPLOYED, figure, in_payloads, noticeable
from cachekit_memprobe.result import Result
from cachekit_memprobe.units import format_payloads


@dataclass(frozen=True)
class FigureLine:
    """What one instrument measured: phrases that follow each other, with commas and signs between them.

    A line may be broken between phrases, not in one.
    """

    label: str
    phrases: tuple[str, ...]


def figure_lines(result: Result, options: RunOptions) -> tuple[FigureLine, ...]:
    """One line an instrument that was used."""
    lines = {
        "heap": _heap(result),
        "tracemalloc": _tracemalloc(result),
        "RSS": _rss(result, options),
        "held": _held(result),
    }
    return tuple(FigureLine(label, tuple(phrases)) for label, phrases in lines.items() if phrases)


def listed(phrases: Iterable[str]) -> list[str]:
    """The phrases that aren't empty, each but the last with a comma after it."""
    *others, last = [phrase for phrase in phrases if phrase] or [""]
    return [*(f"{phrase}," for phrase in others), last]


def _heap(result: Result) -> list[str]:
    live = [
        f"{stage.name} {format_payloads(in_payloads(stage.live_bytes, result.payload))}"
        for stage in result.stages
        if noticeable(in_payloads(stage.live_bytes, result.payload))
    ]
    peak = _with_bytes(result, "peak.heap", "peak")
    sums = [f"{peak} =", *(f"{part} +" for part in live[:-1]), live[-1]] if peak and live else [peak]
    return _phrases([*sums[:-1], *listed([sums[-1], _in_payloads(result, "peak.arrow_pool", "Arrow pool")])])


def _tracemalloc(result: Result) -> list[str]:
    return _phrases(
        listed(
            [
                _with_bytes(result, "peak.tracemalloc", "peak"),
                _with_bytes(result, "peak.tracemalloc_late", "in a window opened after unwrap"),
            ]
        )
    )


def _rss(result: Result, options: RunOptions) -> list[str]:
    phrases = _phrases(
        listed(
            [
                _with_bytes(result, "rss.peak", "peak") + _spread(result, options),
                _in_payloads(result, "rss.peak_per_reader", "per reader"),
                _in_payloads(result, "rss.anon", "anonymous"),
                _in_payloads(result, "rss.file", "file-backed"),
                _if_any(result, "rss.shared", "shared"),
                _in_payloads(result, "rss.settled", "settled"),
                _in_payloads(result, "growth.per_read", "growth per read") + _growth_margin(result),
                _if_any(result, "growth.uncollected", "left to the collector"),
            ]
        )
    )
    return [*phrases, f"({AS_DEPLOYED})"] if phrases and options.as_deployed else phrases


_HELD_PARTS = {
    "held.frame": "frame",
    "held.arrow_pool": "Arrow pool",
    "held.mapping": "file map",
    "held.shared": "shared memory",
    "held.heap": "heap",
}


def _held(result: Result) -> list[str]:
    """What outlives the read: with the value, with ten rows of it, and without it."""
    whole = _with_bytes(result, "held.result", "by the result")
    parts = [
        f"{label} {format_payloads(result.metrics[name])}"
        for name, label in _HELD_PARTS.items()
        if noticeable(result.metrics.get(name, 0.0))
    ]
    sums = [f"{whole} =", *(f"{part} +" for part in parts[:-1]), parts[-1]] if whole and parts else [whole]
    rest = [
        _in_payloads(result, "held.slice", "by ten rows"),
        _in_payloads(result, "held.after", "after the drop"),
    ]
    return _phrases([*sums[:-1], *listed([sums[-1], *rest])])


def _phrases(phrases: list[str]) -> list[str]:
    return [phrase for phrase in phrases if phrase]


def _with_bytes(result: Result, name: str, label: str) -> str:
    if name not in result.metrics:
        return ""
    return f"{label} {figure(result.metrics[name], result.payload)}"


def _spread(result: Result, options: RunOptions) -> str:
    if options.repeat < 2 or "rss.peak" not in result.spread:
        return ""
    return f" (spread {format_payloads(result.spread['rss.peak'])} over {options.repeat} processes)"


def _if_any(result: Result, name: str, label: str) -> str:
    """Of what most reads have nothing."""
    return _in_payloads(result, name, label) if noticeable(result.metrics.get(name, 0.0)) else ""


def _growth_margin(result: Result) -> str:
    margin = result.metrics.get("growth.margin")
    return "" if margin is None else f" ± {format_payloads(margin)}"


def _in_payloads(result: Result, name: str, label: str) -> str:
    return f"{label} {format_payloads(result.metrics[name])}" if name in result.metrics else ""
