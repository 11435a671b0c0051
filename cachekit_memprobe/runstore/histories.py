"""What histories have measured: run folders that stay, one below the other by release.

::

    RELEASE/20261126T051200Z-0f3a9c/    a run folder

A run that was ended has in its folder what it measured until then. Other runs measure the rest, so that the
scenarios of one point may lie in several folders.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from cachekit_memprobe import __version__
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Measurement, RunOptions, Scenario, Target
from cachekit_memprobe.runstore import loading
from cachekit_memprobe.runstore.folder import RunFolder, public_scenario
from cachekit_memprobe.runstore.naming import runs_folder, saved_runs, stamp
from cachekit_memprobe.runstore.same import is_measured, telling
from cachekit_memprobe.runstore.saved import SavedRun

IsSame = Callable[[Target], bool]
"""Whether a target that was measured is the one that is wanted."""


def histories_folder() -> Path:
    """Where the run folders of histories are that were given no folder.

    Raises:
        UsageError: no home is known.
    """
    return runs_folder("name a folder with --out").parent / "history"


@dataclass(frozen=True)
class Measured:
    """Where a scenario was measured.

    Attributes:
        run: the run folder, as the history names it.
    """

    folder: Path
    run: str
    saved: SavedRun
    measurement: Measurement


@dataclass(frozen=True)
class Histories:
    """The run folders of histories, below one folder."""

    path: Path

    def new_run(self, release: str) -> RunFolder:
        """A folder for a run of a release.

        Raises:
            UsageError: it can't be made.
            MemprobeError: the disk is full.
        """
        name = f"{stamp(datetime.now(timezone.utc))}-{secrets.token_hex(3)}"
        return RunFolder.create(self._folder_of(release) / name)

    def name_of(self, folder: RunFolder) -> str:
        """As a history names it: ``0.9.1/20261126T051200Z-0f3a9c``."""
        return folder.path.relative_to(self.path.absolute()).as_posix()

    def find(
        self, release: str, is_same: IsSame, options: RunOptions, scenarios: Sequence[Scenario]
    ) -> dict[str, Measured]:
        """What was measured of the scenarios in the same way, by their names; of several the newest."""
        found: dict[str, Measured] = {}
        for folder in saved_runs(self._folder_of(release)):
            lacking = [one for one in scenarios if one.name not in found]
            if not lacking:
                break
            for measured in self._in(folder, is_same, options, lacking):
                found[measured.measurement.scenario.name] = measured
        return found

    def _in(
        self, folder: Path, is_same: IsSame, options: RunOptions, scenarios: Sequence[Scenario]
    ) -> Iterator[Measured]:
        try:
            saved = loading.run_in(folder)
        except UsageError:  # the run was ended before it had one
            return
        target = Target(saved.target.spec, Path(), saved.target.versions)
        if saved.tool_version != __version__ or telling(saved.options) != telling(options):
            return
        if not is_same(target):
            return
        for scenario in scenarios:
            if scenario.name not in saved.scenarios:
                continue
            measurement = loading.measurement_in(folder, scenario.name, saved)
            if is_measured(measurement) and measurement.scenario == public_scenario(scenario):
                yield Measured(folder, folder.relative_to(self.path).as_posix(), saved, measurement)

    def _folder_of(self, release: str) -> Path:
        return self.path / (re.sub(r"[^A-Za-z0-9.+_-]", "-", release).lstrip(".") or "-")
