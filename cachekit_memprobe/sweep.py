"""The frozen records of a run of several parts: of sizes of a scenario, of a matrix, of shards.

Sizes are in bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

STORED = "stored"
"""The size of the stored frame, which is no metric of a read but can be sorted by."""


@dataclass(frozen=True)
class Variant:
    """What a scenario of a sweep or of a matrix changes in the one that it comes from.

    Attributes:
        of: the name of that scenario.
        size: the logical size asked for, as it was written; empty for the scenario's own.
        axes: the keys that a matrix sets, in its order, with their values as a command line spells them.
        followed: the keys that had to change with them, so that cachekit can do the read.
    """

    of: str
    size: str = ""
    axes: Mapping[str, str] = field(default_factory=dict)
    followed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Skipped:
    """A combination of a matrix that is no read of cachekit's, and why."""

    of: str
    axes: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Shard:
    """What of a run one machine measures, while others measure the rest.

    Attributes:
        number: which one, from 1.
        count: how many there are.
        names: of the scenarios of all of them, in their order.
    """

    number: int
    count: int
    names: tuple[str, ...]

    @property
    def words(self) -> str:
        """``2/5``, as the command line spells it."""
        return f"{self.number}/{self.count}"


@dataclass(frozen=True)
class Sweep:
    """How the scenarios of a run were multiplied and are compared; all empty when they weren't.

    Attributes:
        sizes: as they were written, in the order of the command line.
        axes: the keys that were varied, with their values.
        skipped: combinations of the axes that were not measured.
        without_budget: the scenarios whose budget was left aside, as it is for the scenario as it is.
        predict_bytes: the sizes for which the fitted line is asked.
        predict_rows: the rows for which it is asked, of the data of a file.
        sort: the metric by which combinations are ordered, or :data:`STORED`; empty for the usual one.
        workers: for how many processes the memory is asked; 0 for none.
    """

    sizes: tuple[str, ...] = ()
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    without_budget: tuple[str, ...] = ()
    predict_bytes: tuple[int, ...] = ()
    predict_rows: tuple[int, ...] = ()
    sort: str = ""
    workers: int = 0


@dataclass(frozen=True)
class Line:
    """A metric in bytes as a straight line over the payload in bytes, fitted by least squares.

    Attributes:
        slope: payloads for each payload.
        intercept_bytes: what doesn't grow with the payload.
        slope_error: the standard error; ``None`` for a line through two points, which always fits.
        largest_residual: the largest distance of a point from the line, in payloads of that point.
        is_line: False when that is more than a measurement's noise; nothing follows from the line then.
    """

    metric: str
    slope: float
    intercept_bytes: float
    slope_error: float | None
    intercept_error_bytes: float | None
    largest_residual: float
    is_line: bool


@dataclass(frozen=True)
class Estimate:
    """A predicted figure with its 95 % prediction interval, half of its width; ``None`` without one."""

    size_bytes: float
    margin_bytes: float | None


@dataclass(frozen=True)
class Prediction:
    """The resident set at a size that was not measured.

    Attributes:
        logical_bytes: the payload.
        growth: of the resident set during the read, as ``rss.peak``; ``None`` when it can't be said.
        process: the whole resident set at that moment, as ``rss.total``.
        cautions: why it may come differently, or why there is no figure; each a sentence.
        rows: what was asked for, if it was not a size.
    """

    logical_bytes: int
    growth: Estimate | None
    process: Estimate | None
    cautions: tuple[str, ...]
    rows: int | None = None


@dataclass(frozen=True)
class Scaling:
    """How a scenario's memory grows with its payload.

    Attributes:
        scenario: its name, without any size.
        sizes_bytes: the payloads that were measured, ascending; with one or none there is no line.
        lines: one for each metric that was measured at two sizes or more.
        notes: what the reader has to know about the lines; each a sentence.
    """

    scenario: str
    sizes_bytes: tuple[int, ...]
    lines: tuple[Line, ...]
    predictions: tuple[Prediction, ...]
    notes: tuple[str, ...]
