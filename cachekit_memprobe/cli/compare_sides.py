"""The two reports that ``compare`` is about: of saved runs, or of releases, which are measured if need be."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from cachekit_memprobe.cli.compare_like import options_like, scenarios_like
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.cli.requests import size_of
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import INSTRUMENTS
from cachekit_memprobe.model import Run, RunOptions
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, Summary, published_report, run_folder, same_run

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import Size

_OPTIONS = {"instruments": "instrument", "stages": "stage", "timeout_s": "timeout"}
"""Of those that aren't called as their field is."""

_NAMES_OF_RELEASES = ("latest", "installed")


@dataclass(frozen=True)
class Wanted:
    """What is to be measured of a release, and how."""

    patterns: tuple[str, ...]
    sizes: "tuple[Size, ...]"
    options: RunOptions


def reports_of(base: str, new: str, wanted: Wanted) -> tuple[Report, Report]:
    """Both reports, BASE first; what has to be measured comes after all that can be refused.

    Raises:
        UsageError: there is no such run, or no such release.
        CouldNotMeasure: a release can't be installed.
    """
    if not any(map(_is_release, (base, new))):
        _refuse_for_saved(wanted)
        return _saved(base), _saved(new)
    saved = {spec: _saved(spec) for spec in (base, new) if not _is_release(spec)}
    like = next(iter(saved.values()), None)
    with ProgressDisplay(silent=False) as progress:
        found = {spec: saved.get(spec) or _measured(spec, wanted, like, progress) for spec in (base, new)}
    return found[base], found[new]


def _is_release(spec: str) -> bool:
    """With a dot in its number, as the beginning of a run's id has none; or a revision of a repository."""
    try:
        is_named = spec in _NAMES_OF_RELEASES or spec.startswith("git+")
        return is_named or len(Version(spec).release) > 1
    except InvalidVersion:
        return False


def _refuse_for_saved(wanted: Wanted) -> None:
    """Options of measuring would be of no effect."""
    usual = RunOptions(instruments=INSTRUMENTS)
    given = [
        _OPTIONS.get(one.name, one.name.replace("_", "-"))
        for one in fields(RunOptions)
        if getattr(wanted.options, one.name) != getattr(usual, one.name)
    ]
    if wanted.sizes:
        given.append("size")
    if given:
        raise UsageError(f"--{given[0]} is for releases, which are measured; both sides are saved runs")


def _saved(spec: str) -> Report:
    """The one place that tells which saved run is meant."""
    from cachekit_memprobe import pipeline

    path = Path(spec)
    if path.suffix == ".json" and not path.is_dir():
        return published_report(path)
    return pipeline.explain(RunFolder.open(run_folder(spec)))


def _measured(spec: str, wanted: Wanted, like: Report | None, progress: ProgressDisplay) -> Report:
    """The report of a release, measured like the saved run on the other side, if there is one."""
    from cachekit_memprobe import pipeline, target
    from cachekit_memprobe.scenario import expand, select
    from cachekit_memprobe.servers import OwnServers

    if like:
        options = options_like(like, wanted.options)
        scenarios, multiplied = scenarios_like(like, wanted.patterns, wanted.sizes)
    else:
        options = wanted.options
        scenarios, multiplied = expand(select(wanted.patterns), sizes=wanted.sizes, axes=(), limits=())
    resolved = target.resolve(spec, None, progress.preparing)
    target.check_stages(resolved, options.stages)
    # Of one that is like another, the scenarios themselves say what is asked for.
    request = None if like else Request(wanted.patterns, size_of(wanted.sizes))
    planned = replace(Run.planned(resolved, options, scenarios, multiplied), request=request)
    if known := same_run(planned):
        return pipeline.explain(RunFolder.open(known))
    folder = RunFolder.create()
    report = pipeline.run(planned, folder, progress.measuring, OwnServers())
    folder.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
    return report
