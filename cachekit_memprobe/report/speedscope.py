"""A report for speedscope: of each read what its lines allocated, below the stage that they belong to."""

from collections.abc import Iterator
from typing import Any

from cachekit_memprobe.child.printable import json_text
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import heap_measured, site_location
from cachekit_memprobe.result import Report, Result, SiteUsage, StageUsage

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_REST = "lines of which nothing is known"

Stack = tuple[str, ...]


def to_speedscope(report: Report) -> str:
    """One profile for each scenario whose heap was followed; its weights are bytes, all that it copies."""
    frames: dict[str, int] = {}
    profiles = [_profile(result, frames) for result in report.results if heap_measured(result)]
    document = {
        "$schema": _SCHEMA,
        "exporter": f"cachekit-memprobe {report.tool_version}",
        "name": clean_line(report.run.target.words),
        "shared": {"frames": [{"name": name} for name in frames]},
        "profiles": profiles,
    }
    return json_text(document, indent=1)


def _profile(result: Result, frames: dict[str, int]) -> dict[str, Any]:
    stacks = [entry for stage in result.stages for entry in _stacks(stage) if entry[1] > 0]
    return {
        "type": "sampled",
        "name": f"{clean_line(result.scenario.name)}: copies, by stage",
        "unit": "bytes",
        "startValue": 0,
        "endValue": sum(size_bytes for _, size_bytes in stacks),
        "samples": [[frames.setdefault(name, len(frames)) for name in stack] for stack, _ in stacks],
        "weights": [size_bytes for _, size_bytes in stacks],
    }


def _stacks(stage: StageUsage) -> Iterator[tuple[Stack, int]]:
    """Stage, line, native code, with the bytes of each; together they come to what the stage copies."""
    for site in stage.sites:
        line = _line(site)
        for part in site.parts:
            yield (stage.name, line, clean_line(part.native)), part.copies_bytes
        yield (stage.name, line), site.copies_bytes - sum(part.copies_bytes for part in site.parts)
    yield (stage.name, _REST), stage.copies_bytes - sum(site.copies_bytes for site in stage.sites)


def _line(site: SiteUsage) -> str:
    function = clean_line(site.place.function)
    where = site_location(site)
    return f"{function} ({where})" if function and where != function else where
