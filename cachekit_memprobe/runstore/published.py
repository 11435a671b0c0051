"""A report that was published as JSON, read again as far as a comparison needs it.

It has every figure to the byte and every line of code, but neither the scenarios as they were measured nor
the course of the heap.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.seen import Difference
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.task import Caching, Read, Value
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.model import Level, Payload, Run, RunOptions, Scenario, Target
from cachekit_memprobe.result import (
    BudgetResult,
    BudgetStatus,
    Finding,
    Report,
    Result,
    SiteKind,
    SiteUsage,
    StageUsage,
    Verdict,
)
from cachekit_memprobe.runstore.reading import Files

_REMEDY = "write it again with report RUN --json FILE, or compare the run's folder"
_VERSION = 2


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


def published_report(file: Path) -> Report:
    """The report that a JSON file holds.

    Raises:
        UsageError: it can't be read, or isn't the JSON of a report; the message names the file and the key.
    """
    files = Files(file.parent, shown=f"{file.parent}/" if file.parent != Path() else "", remedy=_REMEDY)
    document = files.document(file.name)
    version = files.record(file.name, document, PublishedVersion).schema_version
    if version != _VERSION:
        raise files.broken(file.name, "schema_version", f"{version} is not {_VERSION}")
    try:
        results = [_with_figures(result) for result in document["results"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise files.broken(file.name, "results", "a result has no figures in bytes") from None
    published = files.record(file.name, {**document, "results": results}, Published)
    for number, result in enumerate(published.results):
        if problem := _problem(result):
            raise files.broken(file.name, f"results.{number}", problem)
    return _report(published)


def _with_figures(result: Any) -> Mapping[str, Any]:
    repeats = result.get("repeats_bytes", {})
    return {
        **result,
        "figures": _figures(result["metrics_bytes"].items()),
        "repeats": [_figures((metric, size) for size in sizes) for metric, sizes in repeats.items()],
    }


def _figures(pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"metric": metric, "size_bytes": size} for metric, size in pairs]


def _problem(result: PublishedResult) -> str:
    """What the types don't say; empty if nothing is wrong."""
    if result.figures and not (result.payload and result.payload.logical_bytes):
        return "it has figures, but no payload"
    unknown = [one.metric for one in result.figures if one.metric not in NAMES]
    return f"{unknown[0]!r} is not a metric" if unknown else ""


def _report(published: Published) -> Report:
    results = tuple(map(_result, published.results))
    versions = {name: words for name, words in published.target.items() if name != "spec"}
    target = Target(published.target.get("spec", ""), Path(), versions)
    scenarios = tuple(result.scenario for result in results)
    run = Run(published.created, target, published.options, scenarios)
    return Report(published.tool.version, run, results, None)


def _result(result: PublishedResult) -> Result:
    stored = result.payload
    payload = Payload(stored.logical_bytes, stored.frame_bytes) if stored else None
    size_bytes = payload.logical_bytes if payload else 1
    metrics = {one.metric: one.size_bytes / size_bytes for one in result.figures}
    return Result(
        scenario=_scenario(result),
        verdict=result.verdict,
        payload=payload,
        metrics=metrics,
        stages=tuple(map(_stage, result.stages)),
        budgets=tuple(
            BudgetResult(one.metric, one.limit, metrics.get(one.metric), one.level, one.status)
            for one in result.budgets
        ),
        findings=tuple(_finding(one) for one in result.findings),
        reason=result.reason,
        spread=result.spread,
        repeats={
            each[0].metric: tuple(one.size_bytes / size_bytes for one in each)
            for each in result.repeats
            if each
        },
    )


def _scenario(result: PublishedResult) -> Scenario:
    return Scenario(
        name=result.scenario,
        summary="",
        source="",
        value=Value("", result.payload.logical_bytes if result.payload else 0, 0, 0),
        caching=Caching("", "", "", encryption=False, l1=False),
        read=Read(result.tier or "", result.route or "", readers=result.readers or 1),
        releases="",
        needs=(),
        budget=(),
    )


def _stage(stage: PublishedStage) -> StageUsage:
    return StageUsage(
        stage.name,
        stage.calls,
        stage.copies_bytes or 0,
        stage.verbatim_bytes,
        stage.live_bytes or 0,
        stage.survived_bytes or 0,
        stage.mapped_bytes or 0,
        stage.tracemalloc_bytes,
        tuple(_site(site, stage.name) for site in stage.sites),
    )


def _site(site: PublishedSite, stage: str) -> SiteUsage:
    copies_bytes = site.copies_bytes or 0
    return SiteUsage(
        place=Place(stage, site.function or "", site.file or "", site.line or 0),
        source=site.source or "",
        copies_bytes=copies_bytes,
        allocations=site.allocations or 0,
        verbatim_bytes=site.verbatim_bytes,
        live_bytes=site.live_bytes or 0,
        survived_bytes=site.survived_bytes or 0,
        kind=site.kind or "unproven",
        mapped_bytes=site.mapped_bytes or 0,
        shared_bytes=site.shared_bytes or 0,
        recycled_bytes=site.recycled_bytes or 0,
        small_bytes=site.small_bytes,
        arenas=site.arenas,
        elsewhere_bytes=max(0, (site.moved_bytes or 0) - copies_bytes),
    )


def _finding(finding: PublishedFinding) -> Finding:
    """Its function isn't published, so that its file stands for it."""
    if finding.stage is None:
        return Finding(finding.code, finding.message)
    place = Place(finding.stage, "", finding.file or "", finding.line or 0)
    return Finding(finding.code, finding.message, place)
