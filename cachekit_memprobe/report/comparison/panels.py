"""The staircases of both reads, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from cachekit_memprobe.comparison import ScenarioComparison
from cachekit_memprobe.report.html.plot import COARSE, FINE
from cachekit_memprobe.report.html.staircase import Drawing, drawing_of
from cachekit_memprobe.result import Result, Staircase

_FEW = 4
"""Of so many scenarios the staircases are drawn with all details."""


@dataclass(frozen=True)
class Panel:
    """One side, ``BASE`` or ``NEW``; ``drawing`` is missing if memray didn't follow its read."""

    side: str
    drawing: Drawing | None


@dataclass(frozen=True)
class _Read:
    staircase: Staircase
    payload_bytes: int

    @property
    def peak(self) -> float:
        """In payloads."""
        return self.staircase.steps[self.staircase.peak].total_bytes / self.payload_bytes


def panels_of(scenario: ScenarioComparison, scenarios: int) -> tuple[Panel, ...]:
    """Both sides, if there is anything to be seen of one.

    Args:
        scenarios: how many are compared.
    """
    reads = [_read_of(result) for result in (scenario.base, scenario.new)]
    highest = max((read.peak for read in reads if read), default=0.0)
    drawings = [_drawn(read, highest, scenarios) if read else None for read in reads]
    return _panels(drawings) if any(drawings) else ()


def _read_of(result: Result | None) -> _Read | None:
    if result is None or result.payload is None or not (result.staircase and result.staircase.steps):
        return None
    return _Read(result.staircase, result.payload.logical_bytes)


def _drawn(read: _Read, highest: float, scenarios: int) -> Drawing | None:
    detail = FINE if scenarios <= _FEW else COARSE
    return drawing_of(read.staircase, read.payload_bytes, detail=detail, beside=highest)


def _panels(drawings: Sequence[Drawing | None]) -> tuple[Panel, ...]:
    return tuple(Panel(side, drawing) for side, drawing in zip(("BASE", "NEW"), drawings, strict=True))
