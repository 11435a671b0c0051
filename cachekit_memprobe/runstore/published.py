"""A report that was published as JSON, read again as far as a comparison needs it.

It has every figure to the byte, every line of code, the course of the heap, and what was read and how; not
the reads of the resident set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.task import Caching, Read, Value
from cachekit_memprobe.model import Payload, Run, Scenario, Target
from cachekit_memprobe.result import (
    BudgetResult,
    Finding,
    HeapStep,
    Report,
    Result,
    SiteUsage,
    StageUsage,
    Staircase,
)
from cachekit_memprobe.runstore.published_checks import of_report
from cachekit_memprobe.runstore.published_records import (
    Published,
    PublishedDefinition,
    PublishedFinding,
    PublishedResult,
    PublishedSite,
    PublishedStage,
    PublishedStaircase,
    PublishedVersion,
)
from cachekit_memprobe.runstore.reading import Files
from cachekit_memprobe.variables import UNRECORDED

_REMEDY = "write it again with report RUN --json FILE, or compare the run's folder"
_VERSION = 2


def published_report(file: Path) -> Report:
    """The report that a JSON file holds.

    Raises:
        UsageError: it can't be read, or isn't the JSON of a report; the message names the file and the key.
    """
    files = Files(
        file.parent, shown=f"{file.parent}/" if file.parent != Path() else "", remedy=_REMEDY, may_link=True
    )
    document = files.document(file.name)
    version = files.record(file.name, document, PublishedVersion).schema_version
    if version != _VERSION:
        raise files.broken(file.name, "schema_version", f"{version} is not {_VERSION}")
    try:
        results = [_with_figures(result) for result in document["results"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise files.broken(file.name, "results", "a result has no figures in bytes") from None
    published = files.record(file.name, {**document, "results": results}, Published)
    for key, problem in of_report(published):
        raise files.broken(file.name, key, problem)
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
        staircase=_staircase(result.staircase) if result.staircase else None,
        spread=result.spread,
        repeats={
            each[0].metric: tuple(one.size_bytes / size_bytes for one in each)
            for each in result.repeats
            if each
        },
    )


def _scenario(result: PublishedResult) -> Scenario:
    """What an older report doesn't say of it is empty."""
    given = result.definition or PublishedDefinition(
        Value("", result.payload.logical_bytes if result.payload else 0, 0, 0),
        Caching("", "", "", encryption=False, l1=False),
        Read(result.tier or "", result.route or "", readers=result.readers or 1),
    )
    return Scenario(
        name=result.scenario,
        summary="",
        source="",
        value=replace(given.value, holds=result.file_holds or "", call=given.call),
        caching=given.caching,
        read=given.read,
        releases="",
        needs=(),
        budget=(),
        environment={
            name: UNRECORDED if value is None else value for name, value in result.environment.items()
        },
    )


def _staircase(published: PublishedStaircase) -> Staircase:
    steps = tuple(map(HeapStep, published.steps_bytes))
    return Staircase(published.stages, steps, published.peak, published.spans)


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
