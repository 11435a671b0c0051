"""The frozen records that a measurement is made into: StageUsage -> BudgetResult, Finding -> Report.

Sizes are in bytes, figures of metrics in payloads.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from cachekit_memprobe.child.seen import MAY_BE_NEGATIVE, ReadFigures
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.model import Level, Origin, Payload, Run, Scenario
from cachekit_memprobe.sweep import Scaling

Verdict = Literal["pass", "fail", "unmeasured", "not_applicable"]
BudgetStatus = Literal["within", "over", "unmeasured", "not_judged"]
MemoryOf = Literal["", "thread", "pool", "before", "unseen"]
"""Whose memory a line copied into: what its own thread allocated, in its stage; what another thread did;
another of Arrow's pools'; what was there before the read; or what no instrument knows the allocator of."""
SiteKind = Literal["verbatim", "mixed", "transformed", "received", "unproven", "mapped", "shared"]


@dataclass(frozen=True)
class Part:
    """What one piece of native code allocated for a line, in large blocks.

    Attributes:
        native: a name for a reader, such as ``bytes_new``.
    """

    native: str
    copies_bytes: int
    blocks: int


@dataclass(frozen=True)
class SiteUsage:
    """What one line of code allocated during the read.

    Attributes:
        source: the line's text, empty when there is none.
        copies_bytes: allocated here; growing a block counts its growth.
        verbatim_bytes: the part proven to be a byte-for-byte copy; ``None`` when not examined.
        live_bytes: of it, allocated at the moment of the read's peak.
        survived_bytes: still allocated when the read returned.
        kind: what its new memory is. ``verbatim``: at least half of it a byte-for-byte copy of memory
            that the read had; ``mixed``: a smaller part; ``received``: from the backend;
            ``transformed``: neither; ``unproven``: the aliasing instrument didn't get to see it;
            ``mapped``: more of it is a file map than heap; ``shared``: likewise of shared memory that was
            there before.
        mapped_bytes: file-mapped here, which is no part of the others.
        shared_bytes: shared memory mapped here; what the read made of it is also part of the others.
        recycled_bytes: allocated in small pieces, each in the place of one that was freed, so that
            ``copies_bytes`` counts them once.
        small_bytes: the part of ``copies_bytes`` in blocks below 128 KiB; ``None`` when it isn't known.
        arenas: how many of its blocks are arenas, of 1 MiB, in which Python keeps small objects; likewise.
        elsewhere_bytes: proven to be copied here into memory that the read didn't allocate.
        memory_of: whose memory it copied into, or most of it.
        parts: by native code, the largest first, where it is known and there is more than one.
    """

    place: Place
    source: str
    copies_bytes: int
    allocations: int
    verbatim_bytes: int | None
    live_bytes: int
    survived_bytes: int
    kind: SiteKind
    mapped_bytes: int = 0
    shared_bytes: int = 0
    recycled_bytes: int = 0
    small_bytes: int | None = None
    arenas: int | None = None
    elsewhere_bytes: int = 0
    memory_of: MemoryOf = ""
    parts: tuple[Part, ...] = ()

    @property
    def moved_bytes(self) -> int:
        """Copied here, into whichever memory."""
        return self.copies_bytes + self.elsewhere_bytes


@dataclass(frozen=True)
class StageUsage:
    """What one stage did to memory during one read; ``sites`` has the largest first.

    Attributes:
        calls: how often the read entered the stage.
        live_bytes: what the stage held at the moment of the read's peak.
        mapped_bytes, shared_bytes: as of a site.
        tracemalloc_bytes: by how much tracemalloc's peak while the stage was open exceeded what was there on
            entry, plus what the stage had kept from before; ``None`` when not measured.
        view_of: what the stage's output lies in, if that was there before the stage: proof that it is no
            copy. Empty when it doesn't, and when that was not examined.
    """

    name: str
    calls: int
    copies_bytes: int
    verbatim_bytes: int | None
    live_bytes: int
    survived_bytes: int
    mapped_bytes: int
    tracemalloc_bytes: int | None
    sites: tuple[SiteUsage, ...]
    view_of: str = ""
    shared_bytes: int = 0

    @property
    def moved_bytes(self) -> int:
        """The sum of its lines'."""
        return self.copies_bytes + sum(site.elsewhere_bytes for site in self.sites)


@dataclass(frozen=True)
class Finding:
    """One plain sentence that a developer should know, of a stage or of a line in it, if it is of one.

    Attributes:
        leads: it outweighs all other figures of the read, so that a report begins with it.
    """

    code: str
    message: str
    place: Place | None = None
    leads: bool = False


@dataclass(frozen=True)
class Suspect:
    """A stage and a line, and how much of the figure is its own; ``None`` if that isn't told by line."""

    place: Place
    size_bytes: int | None = None


@dataclass(frozen=True)
class BudgetResult:
    """One limit held against what was observed, both in payloads.

    Attributes:
        observed: ``None`` when the metric was not measured.
        status: ``not_judged`` when the metric's instrument was not to be run, ``unmeasured`` when it was and
            the metric is absent nevertheless.
        suspects: for a limit that is exceeded, where to look first and next; empty if no line is known that
            explains the figure.
        text, message, origin: of the limit, see :class:`.model.Limit`.
    """

    metric: str
    limit: float
    observed: Annotated[float, MAY_BE_NEGATIVE] | None
    level: Level
    status: BudgetStatus
    suspects: tuple[Suspect, ...] = ()
    text: str = ""
    message: str = ""
    origin: Origin | None = None

    @property
    def suspect(self) -> Place | None:
        """The stage and the line to look at first."""
        return self.suspects[0].place if self.suspects else None

    @property
    def excess(self) -> float:
        """By how much the limit is exceeded, in payloads; 0 when it isn't."""
        return 0.0 if self.observed is None else max(0.0, self.observed - self.limit)


@dataclass(frozen=True)
class Footprint:
    """What one process takes that reads this value, and what several of them would.

    Attributes:
        resting_bytes: anonymous between reads, which is each process's own.
        reading_bytes: anonymous at the peak of a read.
        resting_shared_bytes, reading_shared_bytes: pages of files then, of libraries and of mapped entries:
            the kernel keeps them once, whoever maps them.
    """

    resting_bytes: int
    reading_bytes: int
    resting_shared_bytes: int
    reading_shared_bytes: int

    def resting_of(self, workers: int) -> int:
        """What so many of them take between reads."""
        return self.resting_shared_bytes + workers * self.resting_bytes

    def reading_of(self, workers: int) -> int:
        """What so many of them take if all are at the peak of a read at the same time."""
        return self.reading_shared_bytes + workers * self.reading_bytes


@dataclass(frozen=True)
class HeapStep:
    """What each stage of a staircase has on the heap, from one change of it to the next."""

    live_bytes: tuple[int, ...]

    @property
    def total_bytes(self) -> int:
        return sum(self.live_bytes)


@dataclass(frozen=True)
class StageSpan:
    """From the step ``begin`` to before the step ``end``, a thread of the read is in a stage."""

    stage: str
    thread: int
    begin: int
    end: int


@dataclass(frozen=True)
class Staircase:
    """The heap in the course of one read, stacked by stage.

    Attributes:
        stages: those that had heap, in the order in which they took it, and ``other`` with the rest.
        steps: in order, some hundred at most; each has a size for each of the stages.
        peak: the number of the highest step, which is exact.
        spans: where the threads that read were, by steps.
    """

    stages: tuple[str, ...]
    steps: tuple[HeapStep, ...]
    peak: int
    spans: tuple[StageSpan, ...]


@dataclass(frozen=True)
class Result:
    """One scenario, measured, attributed and judged: all that any renderer shows.

    Attributes:
        metrics: flat, dotted name to payloads; a metric that was not measured is absent.
        spread: largest minus smallest of a metric over repeated processes, in payloads.
        repeats: the figure of each of those processes, in payloads.
        read: which read ``stages`` are of: the first, or the second where that takes more.
        notes: what happened while it was measured, each a sentence without a full stop.
        footprint: of one process; ``None`` when the rss instrument wasn't run.
        staircase: of the read that ``stages`` are of; ``None`` when memray didn't follow it.
        read_us: how long a read took, in microseconds, as a guide; ``None`` when the rss instrument saw none.
        resident: the reads of the process that ``rss.peak`` is of; none when the rss instrument wasn't run.
        took_s: how long the scenario was measured; ``None`` when it wasn't, or nobody noted it.
    """

    scenario: Scenario
    verdict: Verdict
    payload: Payload | None
    metrics: Mapping[str, Annotated[float, MAY_BE_NEGATIVE]]
    stages: tuple[StageUsage, ...]
    budgets: tuple[BudgetResult, ...]
    findings: tuple[Finding, ...]
    reason: str | None = None
    spread: Mapping[str, float] = field(default_factory=dict)
    read: int = 1
    notes: tuple[str, ...] = ()
    footprint: Footprint | None = None
    staircase: Staircase | None = None
    read_us: int | None = None
    repeats: Mapping[str, tuple[Annotated[float, MAY_BE_NEGATIVE], ...]] = field(default_factory=dict)
    resident: tuple[ReadFigures, ...] = ()
    took_s: float | None = None


@dataclass(frozen=True)
class Report:
    """A finished run. All formats render this and nothing else.

    Attributes:
        scaling: for each scenario that was measured at several sizes, how its memory grows.
    """

    tool_version: str
    run: Run
    results: tuple[Result, ...]
    run_folder: Path | None
    scaling: tuple[Scaling, ...] = ()

    def only(self, names: Collection[str]) -> "Report":
        """What it says of these scenarios, as if no other had been run; a fit, if it has all its sizes."""
        left_out = [result.scenario for result in self.results if result.scenario.name not in names]
        unfitted = {
            scenario.name.removesuffix(f"@{scenario.variant.size}")
            for scenario in left_out
            if scenario.variant
        }
        results = tuple(result for result in self.results if result.scenario.name in names)
        scenarios, sweep = tuple(result.scenario for result in results), replace(self.run.sweep, skipped=())
        request, shard = self.run.request, self.run.shard
        if request and left_out:
            request = replace(request, patterns=None)
        return replace(
            self,
            run=replace(
                self.run, scenarios=scenarios, sweep=sweep, request=request, shard=None if left_out else shard
            ),
            results=results,
            scaling=tuple(fit for fit in self.scaling if fit.scenario not in unfitted),
        )
