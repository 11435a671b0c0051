"""How cachekit's reads came to be what they are: the frozen records of ``history``.

A history has points in their order, mostly releases, and of each scenario one cell for each point. Figures
are in payloads, sizes in bytes. A point is told by its number, from 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from cachekit_memprobe.child.seen import MAY_BE_NEGATIVE
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.comparison import AllowanceResult, SiteChangeKind
from cachekit_memprobe.result import Verdict

Axis = Literal["release", "revision", "python", "pandas", "pyarrow", "numpy"]
"""What differs from point to point; all else is held fixed."""

StepKind = Literal["exact", "resident"]
"""``exact``: of the heap, where any change above one arena of Python's is one; ``resident``: of the resident
set, where it has to exceed its noise and the spread of repeated processes."""


@dataclass(frozen=True)
class Point:
    """One place on the axis.

    Attributes:
        label: the value on the axis: a release, or a version of the package that is varied.
        spec: what ``--cachekit`` takes to measure it again.
        extras: requirements of its environment, as ``--with`` takes them, besides those of any release.
        uploaded: when the release was published, ``2026-06-18``; empty where that isn't known.
        versions: of its environment, see :class:`.model.Target`; empty if there is none.
        reason: why nothing at all was measured here; empty if something was.
    """

    label: str
    spec: str
    extras: tuple[str, ...] = ()
    uploaded: str = ""
    is_yanked: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Cell:
    """One scenario at one point.

    Attributes:
        metrics: flat, dotted name to payloads; empty if nothing was measured.
        reason: why, or why it is not applicable.
        run: the run folder that has it, below the folder of all histories; empty if there is none.
    """

    verdict: Verdict
    payload_bytes: int | None = None
    metrics: Mapping[str, Annotated[float, MAY_BE_NEGATIVE]] = field(default_factory=dict)
    reason: str = ""
    run: str = ""

    def bytes_of(self, metric: str) -> int | None:
        """A figure in bytes; ``None`` if it wasn't measured."""
        figure = self.metrics.get(metric)
        return None if figure is None or self.payload_bytes is None else round(figure * self.payload_bytes)


@dataclass(frozen=True)
class StepLine:
    """A line of code that has a part in a step.

    Attributes:
        kind: ``gone``, ``new`` or ``changed``.
        base, new: where it stands on each side, matched by function and text; ``None`` where it doesn't.
        source: its text.
        change_bytes: what it adds to the figure; less than 0 where it takes something away.
        change: the same in payloads.
    """

    kind: SiteChangeKind
    base: Place | None
    new: Place | None
    source: str
    change_bytes: int
    change: float

    @property
    def place(self) -> Place:
        """Where it stands, or stood."""
        place = self.new or self.base
        assert place is not None
        return place


@dataclass(frozen=True)
class Step:
    """From one point to the next that has the figure, a metric changed by more than chance.

    Attributes:
        base, new: numbers of points. Between them may be points that don't have the figure. Of a drift, too
            slow to be seen from one point to the next, ``base`` is where it began.
        change_bytes: ``None`` where the payloads of both differ in size.
        chance_bytes: what it had to exceed.
        lines: those that did it, the largest part first; empty where none is known.
    """

    metric: str
    base: int
    new: int
    before: float
    after: float
    change_bytes: int | None
    chance_bytes: int
    kind: StepKind
    is_drift: bool = False
    lines: tuple[StepLine, ...] = ()

    @property
    def change(self) -> float:
        """In payloads; more than 0 is worse."""
        return self.after - self.before


@dataclass(frozen=True)
class Regression:
    """A figure of the newest point that is worse than it was at the best one before, beyond chance.

    Attributes:
        best, newest: numbers of points.
        since: the step that made it worse than the best, the last one if there are several; ``None`` if no
            single step did.
    """

    scenario: str
    metric: str
    best: int
    newest: int
    before: float
    after: float
    change_bytes: int | None
    since: Step | None = None


@dataclass(frozen=True)
class HistoryCheck(AllowanceResult):
    """How much worse the newest point may be than the best one before, held against one scenario.

    Attributes:
        best, newest: numbers of points; ``None`` where there is none to compare.
    """

    best: int | None = None
    newest: int | None = None


@dataclass(frozen=True)
class ScenarioHistory:
    """One scenario along the axis.

    Attributes:
        cells: one for each point, in their order.
        steps: by the point to which they lead; of each the metrics in the order of the vocabulary.
        regressions: likewise.
    """

    name: str
    summary: str
    cells: tuple[Cell, ...]
    steps: tuple[Step, ...] = ()
    regressions: tuple[Regression, ...] = ()

    def series(self, metric: str) -> tuple[float | None, ...]:
        """The figure at each point, ``None`` where it wasn't measured."""
        return tuple(cell.metrics.get(metric) for cell in self.cells)

    def steps_at(self, point: int) -> tuple[Step, ...]:
        """Those that lead to a point."""
        return tuple(step for step in self.steps if step.new == point)


@dataclass(frozen=True)
class History:
    """A finished history. All formats render this and nothing else.

    Attributes:
        created: when it was put together, as ISO 8601.
        held: what is the same at all points that were measured, ``pandas`` to ``3.1.1``.
        instruments, reads, repeat: how each point was measured.
        notes: what else a reader should know, each a sentence without a full stop.
        folder: has the run folders of the cells; it stays out of what is written.
    """

    tool_version: str
    created: str
    axis: Axis
    points: tuple[Point, ...]
    scenarios: tuple[ScenarioHistory, ...]
    held: Mapping[str, str]
    instruments: tuple[str, ...]
    reads: int
    repeat: int
    checks: tuple[HistoryCheck, ...] = ()
    notes: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def is_measured(self) -> bool:
        """Whether there is any figure at all."""
        return any(cell.metrics for scenario in self.scenarios for cell in scenario.cells)

    @property
    def regressions(self) -> Iterator[Regression]:
        for scenario in self.scenarios:
            yield from scenario.regressions
