"""What sets two reports apart: the frozen records of ``compare``. BASE comes first and NEW second everywhere.

Figures are in payloads, sizes in bytes.
"""

from dataclasses import dataclass
from typing import Literal

from cachekit_memprobe.result import Finding, Report, Result, SiteUsage, StageUsage

Answer = Literal["equal", "within", "less", "more", "unclear", "unmeasured"]
"""``equal`` to the byte, or between two sizes in payloads; ``within`` what chance does; ``less`` and ``more``
of NEW; ``unclear`` where nothing can be said; ``unmeasured`` where a side lacks the figure."""

Exactness = Literal["byte", "blocks", "arena", "resident", "ranked", "payloads"]
"""How exactly a metric can be compared. ``byte``: any difference is one; ``blocks``: but for small blocks;
``arena``: but for arenas of Python's, and what a socket receives at once; ``resident``: but for the noise of
the resident set; ``ranked``: by a rank test of repeated processes; ``payloads``: of values of two sizes, but
for what any read takes."""

SiteChangeKind = Literal["gone", "new", "changed", "moved"]
AllowanceStatus = Literal["within", "over", "unmeasured"]


@dataclass(frozen=True)
class Difference:
    """Something besides cachekit that isn't the same on both sides; a side that lacks it is empty."""

    what: str
    base: str
    new: str


@dataclass(frozen=True)
class Change:
    """One metric on both sides, in payloads and in bytes; ``None`` on a side that lacks it.

    Attributes:
        change_bytes: ``None`` where a side lacks the figure, and between payloads of two sizes.
        chance_bytes: by how much the figure differs from one measurement to the next.
        least_bytes, most_bytes: of a peak of several readers, by how much NEW has more at least and at most,
            whichever turns they take; ``None`` of other figures, and where that isn't known.
        p_value: of the rank test, if there was one.
        reason: why nothing can be said, or where the figure is lacking.
    """

    metric: str
    base: float | None
    new: float | None
    change_bytes: int | None
    answer: Answer
    exactness: Exactness
    chance_bytes: int = 0
    p_value: float | None = None
    reason: str = ""
    least_bytes: int | None = None
    most_bytes: int | None = None

    @property
    def change(self) -> float | None:
        """By how much NEW is more, in payloads."""
        return None if self.base is None or self.new is None else self.new - self.base


@dataclass(frozen=True)
class StageChange:
    """What a stage did on both sides; ``None`` on a side on which it took no part."""

    name: str
    base: StageUsage | None
    new: StageUsage | None


@dataclass(frozen=True)
class SiteChange:
    """A line of code on both sides, matched by its function and its text.

    Attributes:
        kind: ``changed`` if its size or what its memory is differs, ``moved`` if only its place does.
    """

    kind: SiteChangeKind
    base: SiteUsage | None
    new: SiteUsage | None


@dataclass(frozen=True)
class ScenarioComparison:
    """One scenario; ``None`` on a side that doesn't have it.

    Attributes:
        reason: why no figures are compared; empty if some are.
        in_payloads: the payloads are of two sizes, so that bytes aren't compared.
        changes: of every metric that a side has, in the order of the vocabulary.
        findings_gone, findings_new: by their code and the line that they are about.
    """

    name: str
    base: Result | None
    new: Result | None
    reason: str = ""
    in_payloads: bool = False
    changes: tuple[Change, ...] = ()
    stages: tuple[StageChange, ...] = ()
    sites: tuple[SiteChange, ...] = ()
    findings_gone: tuple[Finding, ...] = ()
    findings_new: tuple[Finding, ...] = ()

    @property
    def is_compared(self) -> bool:
        """Whether there is a figure that both sides have."""
        return any(change.change is not None for change in self.changes)

    def change_of(self, metric: str) -> Change | None:
        """``None`` if neither side has the metric."""
        return next((change for change in self.changes if change.metric == metric), None)


@dataclass(frozen=True)
class Allowance:
    """By how much NEW may be more than BASE in one metric; exactly one of the two sizes is set."""

    metric: str
    payloads: float | None
    size_bytes: int | None


@dataclass(frozen=True)
class AllowanceResult:
    """An allowance held against one scenario.

    Attributes:
        allowed, change: in payloads of NEW; ``None`` if those are unknown.
        reason: why it is unmeasured.
    """

    allowance: Allowance
    scenario: str
    status: AllowanceStatus
    allowed: float | None = None
    change: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two reports, finished: all formats render this and nothing else.

    Attributes:
        differences: of the environment and of how it was measured.
        scenarios: those of BASE in its order, then those that only NEW has.
        allowances: one for each ``--fail-on`` and each scenario.
    """

    base: Report
    new: Report
    differences: tuple[Difference, ...]
    scenarios: tuple[ScenarioComparison, ...]
    allowances: tuple[AllowanceResult, ...] = ()

    @property
    def is_compared(self) -> bool:
        return any(scenario.is_compared for scenario in self.scenarios)
