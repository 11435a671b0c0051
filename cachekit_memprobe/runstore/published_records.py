"""The records of a report that was published as JSON, as far as a comparison needs them."""

from dataclasses import dataclass, field

from cachekit_memprobe.child.seen import Difference
from cachekit_memprobe.child.task import Caching, Call, Read, Value
from cachekit_memprobe.model import Level, RunOptions
from cachekit_memprobe.result import BudgetStatus, SiteKind, StageSpan, Verdict


@dataclass(frozen=True)
class Figure:
    """A metric, whose size may be negative."""

    metric: str
    size_bytes: Difference


@dataclass(frozen=True)
class PublishedSite:
    """A line of code; what was not measured is ``None``."""

    function: str | None
    file: str | None
    line: int | None
    source: str | None
    kind: SiteKind | None
    copies_bytes: int | None
    allocations: int | None
    verbatim_bytes: int | None
    moved_bytes: int | None
    live_bytes: int | None
    survived_bytes: int | None
    mapped_bytes: int | None
    shared_bytes: int | None
    recycled_bytes: int | None
    small_bytes: int | None = None
    arenas: int | None = None


@dataclass(frozen=True)
class PublishedStage:
    """A stage; what was not measured is ``None``."""

    name: str
    calls: int
    copies_bytes: int | None
    verbatim_bytes: int | None
    live_bytes: int | None
    survived_bytes: int | None
    mapped_bytes: int | None
    tracemalloc_bytes: int | None
    sites: tuple[PublishedSite, ...]


@dataclass(frozen=True)
class PublishedFinding:
    """A finding, and the line that it is about."""

    code: str
    message: str
    stage: str | None
    file: str | None
    line: int | None


@dataclass(frozen=True)
class PublishedLimit:
    """A limit, in payloads."""

    metric: str
    limit: float
    level: Level
    status: BudgetStatus


@dataclass(frozen=True)
class PublishedPayload:
    """Of the value, and of its frame."""

    logical_bytes: int
    frame_bytes: int


@dataclass(frozen=True)
class PublishedDefinition:
    """What is read, and how."""

    value: Value
    caching: Caching
    read: Read
    call: Call | None = None


@dataclass(frozen=True)
class PublishedStaircase:
    """The course of the heap."""

    stages: tuple[str, ...]
    steps_bytes: tuple[tuple[int, ...], ...]
    peak: int
    spans: tuple[StageSpan, ...]


@dataclass(frozen=True)
class PublishedResult:
    """A scenario; ``spread`` is in payloads."""

    scenario: str
    verdict: Verdict
    reason: str | None
    payload: PublishedPayload | None
    tier: str | None
    route: str | None
    figures: tuple[Figure, ...]
    spread: dict[str, float]
    stages: tuple[PublishedStage, ...]
    budgets: tuple[PublishedLimit, ...]
    findings: tuple[PublishedFinding, ...]
    readers: int | None = None
    definition: PublishedDefinition | None = None
    file_holds: str | None = None
    environment: dict[str, str | None] = field(default_factory=dict)
    staircase: PublishedStaircase | None = None
    repeats: tuple[tuple[Figure, ...], ...] = field(default=())


@dataclass(frozen=True)
class PublishedTool:
    """The program that wrote it."""

    version: str


@dataclass(frozen=True)
class PublishedVersion:
    """What every version of the document has."""

    schema_version: int


@dataclass(frozen=True)
class Published:
    """The document."""

    tool: PublishedTool
    created: str
    target: dict[str, str]
    options: RunOptions
    results: tuple[PublishedResult, ...]
