"""A history as long as cachekit's: 25 releases, four scenarios, and whatever names from outside may hold."""

from dataclasses import replace
from pathlib import Path

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.history import (
    Cell,
    History,
    Point,
    Regression,
    ScenarioHistory,
    Step,
    StepKind,
    StepLine,
)
from cachekit_memprobe.metrics import NAMES, RSS, metric_of
from tests.golden.pictures import HOSTILE

PAYLOAD_BYTES = 8_000_000
RELEASES = (
    *("0.4.0", "0.4.1", "0.5.0", "0.5.1", "0.6.0", "0.6.1", "0.7.0", "0.8.0", "0.9.0", "0.9.1", "0.10.0"),
    *("0.10.1", "0.11.0", "0.11.1", "0.12.0", "0.13.0", "0.14.0", "0.15.0", "0.16.0", "0.17.0", "0.17.1"),
    *("0.20.0", "0.22.0", "0.24.0", "0.24.1"),
)
SCENARIOS = ("arrow-l1-hit", "arrow-file-get", "bytes-file-get", "ndarray-l1-hit")
COPY = StepLine(
    "new",
    None,
    Place("unwrap", "SerializationWrapper.unwrap", "cachekit/serializers/wrapper.py", 126),
    "payload = bytes(mv[header_end:])  # single copy of the raw payload",
    PAYLOAD_BYTES,
    1.0,
)
GONE = replace(COPY, kind="gone", base=COPY.new, new=None, change_bytes=-PAYLOAD_BYTES, change=-1.0)
LATE = StepLine(
    "changed",
    Place("stats", "_size_of", "cachekit/decorators/stats_context.py", 88),
    Place("stats", "_size_of", "cachekit/decorators/stats_context.py", 91),
    "size = len(serializer.serialize(value)[0])",
    4 * PAYLOAD_BYTES,
    3.74,
)

_SHIFTS = {
    "copies.unwrap": ((8, 1.0), (10, -1.0)),
    "copies.total": ((8, 1.0), (10, -1.0), (22, 0.26)),
    "verbatim.unwrap": ((8, 1.0), (10, -1.0)),
    "peak.heap": ((8, 1.0), (10, -1.0)),
    "rss.peak": ((4, 0.3), (8, 1.0), (10, -1.0)),
    "copies.stats": ((3, 3.74), (14, -3.74)),
    "copies.decode": ((22, 0.26),),
}
_LINES = {8: (COPY,), 10: (GONE,), 3: (LATE,), 14: (replace(LATE, change=-3.74),)}


def long_history(words: str = "") -> History:
    """Every release.

    Args:
        words: stand for whatever comes from outside.
    """
    points = tuple(Point(words or label, label) for label in RELEASES)
    broken = replace(points[1], reason=words or "cachekit 0.4.1 can't be installed: there is no wheel for it")
    return History(
        tool_version="0.1.0",
        created="2026-11-26T05:00:00+00:00",
        axis="release",
        points=(points[0], broken, *points[2:]),
        scenarios=tuple(_scenario(words or name, words) for name in SCENARIOS),
        held={"python": "3.11.7", "pandas": words or "3.1.1", "pyarrow": "26.0.1"},
        instruments=("rss", "memray"),
        reads=5,
        repeat=1,
        notes=(words or "0.5.1 was yanked, and is left out",),
        folder=Path("/nowhere"),
    )


def _scenario(name: str, words: str) -> ScenarioHistory:
    series = {metric: _series(metric) for metric in NAMES}
    cells = [
        Cell("pass", PAYLOAD_BYTES, {metric: series[metric][at] for metric in NAMES})
        for at in range(len(RELEASES))
    ]
    cells[1] = Cell("unmeasured", reason=words or "cachekit 0.4.1 can't be installed")
    cells[6] = Cell("not_applicable", reason=words or "the scenario is for 0.8.0 or newer")
    steps = tuple(
        _step(metric, at, series[metric][at - 1], series[metric][at], words)
        for at in range(len(RELEASES))
        for metric, shifts in _SHIFTS.items()
        for shift, _ in shifts
        if shift == at
    )
    worse = Regression(name, "copies.total", 21, 24, 0.25, 0.51, 2_080_000, steps[-2])
    return ScenarioHistory(name, words or "DataFrame of float64", tuple(cells), steps, (worse,))


def _series(metric: str) -> tuple[float, ...]:
    shifts = _SHIFTS.get(metric, ())
    return tuple(0.25 + sum(by for at, by in shifts if at <= number) for number in range(len(RELEASES)))


def _step(metric: str, at: int, before: float, after: float, words: str) -> Step:
    lines = tuple(replace(line, source=words or line.source) for line in _LINES.get(at, ()))
    kind: StepKind = "resident" if metric_of(metric).instrument == RSS else "exact"
    size_bytes = round((after - before) * PAYLOAD_BYTES)
    return Step(metric, at - 1, at, before, after, size_bytes, 1 << 20, kind, lines=lines)


def every_link(history: History, words: str = "") -> dict[tuple[str, int], str]:
    """As the command makes them, beside the page."""
    return {
        (scenario.name, number): f"history-reports/{words or point.label}.html"
        for scenario in history.scenarios
        for number, point in enumerate(history.points)
        if scenario.cells[number].metrics
    }


LONG_HISTORY = long_history()
HOSTILE_HISTORY = long_history(HOSTILE)
