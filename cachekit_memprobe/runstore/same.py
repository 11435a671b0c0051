"""A saved run of the same thing, so that it needn't be measured again."""

from dataclasses import replace
from pathlib import Path

from cachekit_memprobe import __version__
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Measurement, Run, RunOptions
from cachekit_memprobe.runstore import loading
from cachekit_memprobe.runstore.folder import NOT_MEASURED_YET, file_name, public_scenario
from cachekit_memprobe.runstore.naming import runs_folder, saved_runs
from cachekit_memprobe.runstore.saved import SavedRun

_MOST = 50
"""Of the last runs, those that are looked at."""


def same_run(planned: Run) -> Path | None:
    """The newest run below the state folder that has measured all that is planned, in the same way."""
    try:
        folders = saved_runs(runs_folder())[:_MOST]
    except UsageError:
        return None
    return next((folder for folder in folders if _is_same(folder, planned)), None)


def _is_same(folder: Path, planned: Run) -> bool:
    try:
        saved = loading.run_in(folder)
    except UsageError:
        return False
    if not _agrees(saved, planned):
        return False
    return all(
        one.name in saved.scenarios
        and is_measured(found := loading.measurement_in(folder, one.name, saved))
        and found.scenario == public_scenario(one)
        for one in planned.scenarios
    )


def is_measured(found: Measurement) -> bool:
    """Whether there is nothing to be gained by measuring it again."""
    return found.reason is None or (not found.applies and found.reason != NOT_MEASURED_YET)


def _agrees(saved: SavedRun, planned: Run) -> bool:
    target = planned.target
    return (
        saved.tool_version == __version__
        and saved.target.spec == file_name(target.spec)
        and saved.target.versions == dict(target.versions)
        and telling(saved.options) == telling(planned.options)
        and saved.sweep == planned.sweep
    )


def telling(options: RunOptions) -> RunOptions:
    """The options without what no figure depends on."""
    return replace(options, jobs=1, timeout_s=1.0)
