"""What each instrument saw of the heap, side by side, and why their figures differ."""

from collections.abc import Callable
from dataclasses import dataclass

from cachekit_memprobe.metrics import RSS_NOISE_BYTES, metric_of
from cachekit_memprobe.report.view import figure, noticeable
from cachekit_memprobe.result import Result
from cachekit_memprobe.units import format_payloads

_DIFFERENT = 0.05
"""Payloads. What differs by less needs no explanation."""


@dataclass(frozen=True)
class InstrumentRow:
    """A peak as one instrument saw it.

    Attributes:
        figure: in payloads and bytes.
        why: a sentence without a full stop, where the figure differs from the one it is compared with.
    """

    label: str
    figure: str
    why: str


def instrument_rows(result: Result) -> tuple[InstrumentRow, ...]:
    """One row a peak that was measured; none if there are no two to compare."""
    measured = [metric for metric in _WHY if metric in result.metrics]
    if result.payload is None or len(measured) < 2:
        return ()
    return tuple(
        InstrumentRow(
            metric_of(metric).label,
            figure(result.metrics[metric], result.payload),
            _WHY[metric](result),
        )
        for metric in measured
    )


def _tracemalloc(result: Result) -> str:
    more = _more(result, "peak.tracemalloc", "peak.heap")
    if more is None or abs(more) < _DIFFERENT:
        return ""
    if more < 0:
        return f"{format_payloads(-more)} less than the heap: native code took that"
    return f"{format_payloads(more)} more than memray saw of the heap in another process"


def _late(result: Result) -> str:
    more = _more(result, "peak.tracemalloc_late", "peak.tracemalloc")
    if more is None or more > -_DIFFERENT:
        return ""
    return f"misses {format_payloads(-more)}: that was taken before the window was opened"


def _pool(result: Result) -> str:
    pool = result.metrics["peak.arrow_pool"]
    return "a part of the heap; tracemalloc sees none of it" if noticeable(pool) else ""


def _rss(result: Result) -> str:
    """Against the heap; pages of files are in the one and not in the other."""
    more = _more(result, "rss.peak", "peak.heap")
    assert result.payload is not None
    least = max(_DIFFERENT, RSS_NOISE_BYTES / result.payload.logical_bytes)
    if more is None or abs(more) < least:
        return ""
    if more < 0:
        return f"{format_payloads(-more)} less than the heap: reused or unwritten memory adds no page"
    outside = [
        f"{format_payloads(result.metrics[metric])} {words}"
        for metric, words in (("rss.file", "file-backed"), ("rss.shared", "shared memory"))
        if result.metrics.get(metric, 0.0) >= _DIFFERENT
    ]
    of_it = f", of which {' and '.join(outside)} at most" if outside else ""
    usually = ": allocators keep freed pages for a while, which is the usual cause"
    return f"{format_payloads(more)} more than the heap{of_it or usually}"


def _more(result: Result, metric: str, other: str) -> float | None:
    if other not in result.metrics:
        return None
    return result.metrics[metric] - result.metrics[other]


_WHY: dict[str, Callable[[Result], str]] = {
    "peak.heap": lambda _: "",
    "peak.tracemalloc": _tracemalloc,
    "peak.tracemalloc_late": _late,
    "peak.arrow_pool": _pool,
    "rss.peak": _rss,
}
