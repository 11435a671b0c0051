"""The frozen records that flow through the pipeline, in the order in which they come to be.

Scenario -> Observation -> StageUsage -> Finding, BudgetResult -> Result -> Report. Sizes are in bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cachekit_memprobe.sweep import Scaling, Sweep, Variant

Level = Literal["error", "warn"]
Verdict = Literal["pass", "fail", "unmeasured", "not_applicable"]
BudgetStatus = Literal["within", "over", "unmeasured"]
SiteKind = Literal["verbatim", "mixed", "transformed", "received", "unproven", "mapped"]


@dataclass(frozen=True)
class Value:
    """The value that is cached.

    Attributes:
        kind: the name of a value maker: ``dataframe``, ``bytes``, ``ndarray``, ``text``.
        logical_bytes: the size asked for; the size made is in :class:`Payload`.
        seed: of the random generator.
        columns: of a dataframe; 0 for anything else.
        file: the user's own data, absolute, for the kind ``file``; empty otherwise. It stays out of
            run folders and reports, which say its name only.
    """

    kind: str
    logical_bytes: int
    seed: int
    columns: int
    file: str = ""


@dataclass(frozen=True)
class Caching:
    """How the value is cached: the arguments of ``@cache`` and of its backend.

    Attributes:
        backend: ``file``, ``redis``, ``memcached``, ``cachekitio``; ``none`` and ``local`` are the
            caches by reference.
        return_format: what the Arrow serializer returns: ``pandas``, ``arrow``, ``polars``.
    """

    serializer: str
    compression: str
    backend: str
    encryption: bool
    l1: bool
    return_format: str = "pandas"


@dataclass(frozen=True)
class Read:
    """The measured read.

    Attributes:
        tier: ``l1``, ``l2``, or ``reference`` for a cache that hands out the object itself.
        route: ``get`` or ``map`` in L2, ``memory`` elsewhere.
        asynchronous: the decorated function is ``async def``.
        backfill: an L2 hit that puts the frame into L1.
        readers: threads, or tasks of one event loop, that read at the same time.
        keys: how many different values they read, 1 or ``readers``.
    """

    tier: str
    route: str
    asynchronous: bool = False
    backfill: bool = False
    readers: int = 1
    keys: int = 1


@dataclass(frozen=True)
class Limit:
    """One line of a budget; exactly one of ``payloads`` and ``size_bytes`` is set.

    Attributes:
        where: what the target must be for it to hold, such as ``pandas<3``; empty for every target.
    """

    metric: str
    payloads: float | None
    size_bytes: int | None
    level: Level
    where: str = ""


@dataclass(frozen=True)
class Scenario:
    """One read to replay, complete.

    Attributes:
        name: the file's stem.
        source: where it was read from, for messages; a bundled scenario says ``bundled:NAME``.
        releases: a PEP 440 specifier of the cachekit releases that it applies to, empty for all.
        needs: what the machine must have, such as ``redis``; empty for nothing.
        variant: what it changes in the scenario that it comes from; ``None`` for a scenario as it is.
    """

    name: str
    summary: str
    source: str
    value: Value
    caching: Caching
    read: Read
    releases: str
    needs: tuple[str, ...]
    budget: tuple[Limit, ...]
    variant: Variant | None = None


@dataclass(frozen=True)
class Target:
    """The cachekit that is measured, in its own interpreter.

    Attributes:
        spec: what the user asked for: ``installed``, a release, ``latest``, or an interpreter's path.
        python: the interpreter that runs the children; it stays out of reports.
        versions: ``cachekit``, ``python``, ``pyarrow``, ``pandas``, ``numpy``, ``memray``, ``platform``
            and what else identifies the target; a package that it lacks is absent.
    """

    spec: str
    python: Path
    versions: Mapping[str, str]

    @property
    def cachekit(self) -> str:
        return self.versions["cachekit"]


@dataclass(frozen=True)
class RunOptions:
    """What the command line says about how to measure.

    Attributes:
        instruments: the instruments to use, in the order of ``metrics.INSTRUMENTS``.
        reads: measured reads in the rss process, the value dropped between them.
        repeat: fresh rss processes.
        timeout_s: for one child.
        jobs: scenarios measured side by side.
        as_deployed: leave the target's own allocators alone in the rss process.
    """

    instruments: tuple[str, ...]
    reads: int = 5
    repeat: int = 1
    timeout_s: float = 300.0
    jobs: int = 2
    as_deployed: bool = False


@dataclass(frozen=True)
class Connection:
    """How a child reaches the server of its scenario. It is never saved, and its repr tells nothing.

    Attributes:
        facts: what the child's task says: the scenario's ``namespace`` in a server that others use too,
            and what the backend is made with.
        environment: variables of the child's, of cachekit's and of the libraries below it.
    """

    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Payload:
    """``logical_bytes`` of the value as it was made, ``frame_bytes`` of the envelope as it is stored."""

    logical_bytes: int
    frame_bytes: int


@dataclass(frozen=True)
class Observation:
    """What one child process saw, raw, as it is saved in the run folder.

    Attributes:
        instrument: one of ``metrics.INSTRUMENTS``.
        data: the child's result message, whose shape is the probe's; JSON values only.
        capture: memray's capture file, relative to the run folder once it is saved there.
    """

    instrument: str
    data: Mapping[str, Any]
    capture: str | None = None


@dataclass(frozen=True)
class Measurement:
    """All observations of one scenario, or the reason why there are none.

    Attributes:
        reason: why it could not be measured; ``None`` when it was.
        applies: False when the scenario isn't meant for this release.
    """

    scenario: Scenario
    payload: Payload | None
    observations: tuple[Observation, ...]
    reason: str | None = None
    applies: bool = True


@dataclass(frozen=True)
class SiteUsage:
    """What one line of code allocated during the read.

    Attributes:
        file: relative to the package that it belongs to: ``cachekit/serializers/wrapper.py``.
        source: the line's text, empty when there is none.
        copies_bytes: allocated here; growing a block counts its growth.
        verbatim_bytes: the part proven to be a byte-for-byte copy; ``None`` when not examined.
        live_bytes: of it, allocated at the moment of the read's peak.
        held_bytes: still allocated when the read returned.
        kind: what its new memory is. ``verbatim``: at least half of it a byte-for-byte copy of memory
            that the read had; ``mixed``: a smaller part; ``received``: from the backend;
            ``transformed``: neither; ``unproven``: the aliasing instrument didn't get to see it;
            ``mapped``: more of it is a file map than heap.
        mapped_bytes: file-mapped here, which is no part of the others.
    """

    function: str
    file: str
    line: int
    source: str
    copies_bytes: int
    allocations: int
    verbatim_bytes: int | None
    live_bytes: int
    held_bytes: int
    kind: SiteKind
    mapped_bytes: int = 0


@dataclass(frozen=True)
class StageUsage:
    """What one stage did to memory during one read; ``sites`` has the largest first.

    Attributes:
        calls: how often the read entered the stage.
        live_bytes: what the stage held at the moment of the read's peak.
        mapped_bytes: file-mapped in the stage.
        tracemalloc_bytes: the stage's own peak in tracemalloc's eyes; ``None`` when not measured.
        view_of: what the stage's output lies in, if that was there before the stage: proof that it is no
            copy. Empty when it doesn't, and when that was not examined.
    """

    name: str
    calls: int
    copies_bytes: int
    verbatim_bytes: int | None
    live_bytes: int
    held_bytes: int
    mapped_bytes: int
    tracemalloc_bytes: int | None
    sites: tuple[SiteUsage, ...]
    view_of: str = ""


@dataclass(frozen=True)
class Finding:
    """One plain sentence that a developer should know."""

    code: str
    message: str
    stage: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class BudgetResult:
    """One limit held against what was observed, both in payloads.

    Attributes:
        observed: ``None`` when the metric was not measured.
        where: the stage and the line to look at, for a limit that is exceeded.
    """

    metric: str
    limit: float
    observed: float | None
    level: Level
    status: BudgetStatus
    where: str = ""

    @property
    def excess(self) -> float:
        """By how much the limit is exceeded, in payloads; 0 when it isn't."""
        return 0.0 if self.observed is None else max(0.0, self.observed - self.limit)


@dataclass(frozen=True)
class Result:
    """One scenario, measured, attributed and judged: all that any renderer shows.

    Attributes:
        metrics: flat, dotted name to payloads; a metric that was not measured is absent.
        spread: largest minus smallest of a metric over repeated processes, in payloads.
    """

    scenario: Scenario
    verdict: Verdict
    payload: Payload | None
    metrics: Mapping[str, float]
    stages: tuple[StageUsage, ...]
    budgets: tuple[BudgetResult, ...]
    findings: tuple[Finding, ...]
    reason: str | None = None
    spread: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A finished run. All formats render this and nothing else.

    Attributes:
        sweep: how the scenarios were multiplied.
        scaling: for each scenario that was measured at several sizes, how its memory grows.
    """

    tool_version: str
    created: str
    target: Target
    options: RunOptions
    results: tuple[Result, ...]
    run_folder: Path | None
    sweep: Sweep = field(default_factory=Sweep)
    scaling: tuple[Scaling, ...] = ()
