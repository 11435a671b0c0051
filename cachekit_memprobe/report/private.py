"""A report without what is the user's own: source of code outside cachekit, and names of data."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import PurePath
from typing import Any, TypeVar, cast

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.flames import Flames
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.report.view import location
from cachekit_memprobe.result import Finding, Report, Result, SiteUsage

DATA, SCENARIO = "FILE", "payload"
"""What a data file is called instead, and the scenario that ``--payload`` has made of it."""

_OWN = "cachekit/"
_SHORTEST = 4
"""Letters of a scenario's name from which on it is looked for in sentences: any shorter one is a word."""

_Any = TypeVar("_Any")


@dataclass(frozen=True)
class _Names:
    """Names of data files, and of scenarios that are called after them."""

    files: frozenset[str]
    scenarios: frozenset[str]

    def renamed(self, name: str) -> str:
        """The name of a scenario, or of one of its sizes."""
        of, at, size = name.partition("@")
        return f"{SCENARIO}{at}{size}" if of in self.scenarios else name

    def without(self, text: str) -> str:
        """A text with other names in their place; what is no sentence is no name either, such as ``pass``."""
        for name in sorted(self.files, key=len, reverse=True):
            text = text.replace(name, DATA)
        for name in self.scenarios if " " in text else ():
            if len(name) >= _SHORTEST:
                text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", SCENARIO, text)
        return text


def without_source(report: Report) -> Report:
    """The same report, to be passed on: all figures are there, and all lines by file and number.

    Left out are the text of lines outside cachekit and what findings quote of them, the names of data
    files, and what a process printed before it failed.
    """
    names = _names(
        [*report.run.scenarios, *(result.scenario for result in report.results)],
        report.run.request.payload if report.run.request else "",
    )
    sweep = report.run.sweep
    sweep = replace(
        sweep,
        without_budget=tuple(map(names.renamed, sweep.without_budget)),
        skipped=tuple(replace(one, of=names.renamed(one.of)) for one in sweep.skipped),
    )
    scenarios = tuple(_scenario(scenario, names) for scenario in report.run.scenarios)
    public = replace(
        report,
        run=replace(report.run, scenarios=scenarios, sweep=sweep),
        results=tuple(_result(result, names) for result in report.results),
        scaling=tuple(replace(one, scenario=names.renamed(one.scenario)) for one in report.scaling),
        run_folder=None,
    )
    return _each_text(public, names.without)


def flames_without_source(flames: Flames) -> Flames:
    """The same stacks, with the text of cachekit's own lines only."""
    return replace(
        flames, sources={line: text for line, text in flames.sources.items() if line.startswith(_OWN)}
    )


def _names(scenarios: list[Scenario], payload: str) -> _Names:
    """Those that the scenarios tell; of a scenario that can't be read, the request of the run does."""
    own = [scenario for scenario in scenarios if scenario.value.file]
    of_files = [scenario for scenario in own if not scenario.source.endswith(".toml")]
    called_after = scenarios if payload else of_files
    files = {payload, *(scenario.value.file for scenario in own)} - {""}
    return _Names(
        frozenset(PurePath(file).name for file in files),
        frozenset(
            scenario.variant.of if scenario.variant else scenario.name.partition("@")[0]
            for scenario in called_after
        ),
    )


def _scenario(scenario: Scenario, names: _Names) -> Scenario:
    variant = scenario.variant and replace(scenario.variant, of=names.renamed(scenario.variant.of))
    return replace(scenario, name=names.renamed(scenario.name), variant=variant)


def _result(result: Result, names: _Names) -> Result:
    stages = tuple(replace(stage, sites=tuple(map(_site, stage.sites))) for stage in result.stages)
    reason = result.reason and result.reason.strip("\n").partition("\n")[0]
    return replace(
        result,
        scenario=_scenario(result.scenario, names),
        stages=stages,
        findings=tuple(map(_finding, result.findings)),
        reason=reason,
    )


def _site(site: SiteUsage) -> SiteUsage:
    return site if _is_cachekits(site.place) else replace(site, source="")


def _finding(finding: Finding) -> Finding:
    """What it says of a line may quote it."""
    if finding.place is None or not finding.place.file or _is_cachekits(finding.place):
        return finding
    where = location(finding.place)
    return replace(finding, message=f"it is about {finding.place.stage} at {where}, and quotes source")


def _is_cachekits(place: Place) -> bool:
    return place.file.startswith(_OWN)


def _each_text(value: _Any, change: Callable[[str], str]) -> _Any:
    """A record in which every text is changed, at any depth, but keys."""
    changed: Any = value
    if isinstance(value, str):
        changed = change(value)
    elif isinstance(value, tuple):
        changed = tuple(_each_text(entry, change) for entry in value)
    elif isinstance(value, Mapping):
        changed = {name: _each_text(entry, change) for name, entry in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        changed = replace(
            value,
            **{one.name: _each_text(getattr(value, one.name), change) for one in fields(value) if one.init},
        )
    return cast(_Any, changed)
