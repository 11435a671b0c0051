"""A run folder on disk."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import platformdirs

from cachekit_memprobe import __version__, variables
from cachekit_memprobe.child.seen import MemraySeen, Seen
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.folders import own_folder, without_folders
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.model import Measurement, Observations, Run, Scenario, Target
from cachekit_memprobe.runstore import earlier
from cachekit_memprobe.runstore.files import broken, read, read_json, validated, write, write_atomically
from cachekit_memprobe.runstore.saved import (
    SCHEMA_VERSION,
    SavedMeasurement,
    SavedRun,
    SavedTarget,
    SavedVersion,
    saved_seen,
    seen_of,
)

NOT_MEASURED_YET = "the run ended before this scenario was measured"

_RUN_FILE = "run.json"
_REPORT_FILE = "report.json"
_MEASUREMENT_FILE = "measurement.json"
_CAPTURE_FILE = "memray.bin"
_SCENARIOS = "scenarios"


@dataclass(frozen=True)
class RunFolder:
    """A run folder on disk. Different scenarios may be saved by different threads.

    Attributes:
        path: absolute, so that child processes can use it.
    """

    path: Path

    @classmethod
    def create(cls, path: Path | None = None) -> "RunFolder":
        """Make a new run folder, or use an empty folder; without a path, below the user's state folder.

        Raises:
            UsageError: there is something at ``path`` already, or it can't be written.
        """
        check_unused(path)
        folder = cls((path or _default_path()).absolute())
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            # Not exist_ok: of two runs that were given the same folder, one has to lose.
            (folder.path / _SCENARIOS).mkdir()
        except OSError as error:
            raise UsageError(
                f"can't make the run folder {folder.path}: {error.strerror}; name another one with --out"
            ) from None
        return folder

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run folder.

        Raises:
            UsageError: it isn't one, or it was written by a newer cachekit-memprobe.
        """
        folder = cls(path.absolute())
        run_file = folder.path / _RUN_FILE
        try:
            os.stat(run_file)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise UsageError(f"can't read the run folder {path}: {error.strerror}") from None
        if not os.path.isfile(run_file):
            raise UsageError(f"{path} is not a run folder: it has no {_RUN_FILE}")
        written_as = folder._schema_version()
        if written_as > SCHEMA_VERSION:
            raise UsageError(
                f"{path} was written by a newer cachekit-memprobe (schema {written_as}); "
                f"this one, {__version__}, reads up to schema {SCHEMA_VERSION}"
            )
        return folder

    def _schema_version(self) -> int:
        return read(self.path / _RUN_FILE, SavedVersion).schema_version

    def save_run(self, run: Run) -> None:
        """Save what is going to be measured. Until a scenario is, the folder says that it was not."""
        for scenario in run.scenarios:
            self.save_measurement(Measurement.failed(scenario, NOT_MEASURED_YET))
        saved = SavedRun(
            schema_version=SCHEMA_VERSION,
            tool_version=__version__,
            created=run.created,
            target=SavedTarget(_file_name(run.target.spec), dict(run.target.versions)),
            options=run.options,
            scenarios=tuple(scenario.name for scenario in run.scenarios),
            sweep=run.sweep,
        )
        write(self.path / _RUN_FILE, saved, SavedRun)

    def scenario_dir(self, name: str) -> Path:
        """The folder of a scenario's files, made when it isn't there yet.

        Raises:
            MemprobeError: the name can't be a folder's, or the folder can't be made.
        """
        folder = self.path / _SCENARIOS / _folder_name(name)
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise MemprobeError(f"can't make {folder}: {error.strerror}") from None
        return folder

    def capture_of(self, name: str) -> Path:
        """Where the memray capture of a scenario is to be written; its folder is there."""
        return self.scenario_dir(name) / _CAPTURE_FILE

    def save_measurement(self, measurement: Measurement) -> None:
        """Save one scenario: the observations first, so that a measurement on disk is complete.

        Raises:
            ValueError: a capture is outside this folder.
        """
        folder = self.scenario_dir(measurement.scenario.name)
        files = []
        for number, (instrument, seen) in enumerate(measurement.seen.each()):
            files.append(f"{number:02}-{instrument}.json")
            saved_as = saved_seen(instrument, self._with_own_capture(seen))
            write(folder / files[-1], saved_as, type(saved_as))
        scenario = _public(measurement.scenario)
        reason = measurement.reason and without_folders(measurement.reason)
        saved = SavedMeasurement(
            scenario,
            measurement.payload,
            tuple(files),
            reason,
            measurement.applies,
            measurement.needs,
        )
        write(folder / _MEASUREMENT_FILE, saved, SavedMeasurement)

    def save_report(self, json_text: str) -> None:
        """Save the finished report beside the observations that it was made of."""
        write_atomically(self.path / _REPORT_FILE, json_text)

    def load(self) -> tuple[Run, tuple[Measurement, ...]]:
        """The run, and its measurements in the order of its scenarios.

        The target has no interpreter any more; its path is ``Path()``.

        Raises:
            UsageError: a file is missing or broken; the message names it and the key.
        """
        run_file = self.path / _RUN_FILE
        document = read_json(run_file)
        if self._schema_version() < SCHEMA_VERSION:
            document = earlier.run(document)
        saved = validated(run_file, document, SavedRun)
        if "cachekit" not in saved.target.versions:
            raise broken(run_file, "target.versions.cachekit", "it is missing")
        measurements = tuple(self._load_measurement(name, saved.schema_version) for name in saved.scenarios)
        run = Run(
            created=saved.created,
            target=Target(saved.target.spec, Path(), saved.target.versions),
            options=saved.options,
            scenarios=tuple(measurement.scenario for measurement in measurements),
            sweep=saved.sweep,
        )
        return run, measurements

    def _load_measurement(self, name: str, schema_version: int) -> Measurement:
        folder = self.path / _SCENARIOS / _folder_name(name)
        file = folder / _MEASUREMENT_FILE
        document = read_json(file)
        if schema_version < SCHEMA_VERSION:
            document = earlier.measurement(document)
        saved = validated(file, document, SavedMeasurement)
        for key, problem in _problems(saved, name):
            raise broken(file, key, problem)
        seen = Observations()
        for entry in saved.observations:
            seen = seen.adding(self._load_seen(folder / entry, schema_version))
        return Measurement(saved.scenario, saved.payload, seen, saved.reason, saved.applies, saved.needs)

    def _load_seen(self, file: Path, schema_version: int) -> Seen:
        document = read_json(file)
        if schema_version < SCHEMA_VERSION:
            try:
                document = earlier.observation(document)
            except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
                raise broken(file, "data", f"{type(error).__name__}: {error}") from None
        seen = seen_of(file, document)
        if isinstance(seen, MemraySeen):
            for one in (seen, *([seen.second] if seen.second else [])):
                self._check_capture(one.capture, file)
        return seen

    def _with_own_capture(self, seen: Seen) -> Seen:
        """What was seen with its capture by its place in this folder, which may be moved."""
        if not isinstance(seen, MemraySeen):
            return seen
        second = seen.second and self._in_folder(seen.second)
        return replace(self._in_folder(seen), second=second)

    def _in_folder(self, seen: MemraySeen) -> MemraySeen:
        return replace(seen, capture=str(Path(seen.capture).relative_to(self.path)))

    def _check_capture(self, capture: str, file: Path) -> None:
        relative = Path(capture)
        inside = not relative.is_absolute() and ".." not in relative.parts
        # Resolved, too: a symbolic link could lead out of the folder.
        if not inside or not (self.path / relative).resolve().is_relative_to(self.path.resolve()):
            raise broken(file, "capture", f"{capture!r} is not a file inside the run folder")
        if not (self.path / relative).is_file():
            raise broken(file, "capture", f"there is no file {capture!r} in the run folder")


def check_unused(path: Path | None) -> None:
    """Refuse a folder for a new run in which something could be lost; ``None`` is always free.

    Raises:
        UsageError: there is something at ``path`` already, or it can't be read.
    """
    if path is None or not os.path.lexists(path):
        return
    if not path.is_dir():
        raise UsageError(f"{path} is not a folder; give a new or an empty one")
    try:
        entries = {entry.name for entry in path.iterdir()}
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror}") from None
    if {_RUN_FILE, _SCENARIOS} & entries:
        raise UsageError(f"{path} holds an earlier run, which is never overwritten; give another folder")
    if entries:
        raise UsageError(f"{path} is not empty and not a run folder; give a new or an empty one")


def _default_path() -> Path:
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    state = own_folder(platformdirs.user_state_path, "XDG_STATE_HOME", "name the run folder with --out")
    return state / "runs" / f"{stamp}-{secrets.token_hex(3)}"


def _public(scenario: Scenario) -> Scenario:
    """Without the folders of this machine, and without values that nobody knows to be no secret."""
    value = replace(scenario.value, file=_file_name(scenario.value.file))
    given = variables.recorded(scenario.environment)
    return replace(scenario, source=_file_name(scenario.source), value=value, environment=given)


def _file_name(path: str) -> str:
    """The last part of a path, as folders of this machine have no business in a run folder."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _folder_name(name: str) -> str:
    if name in ("", ".", "..") or any(character in name for character in "/\\\0"):
        raise UsageError(f"{name!r} can't be the name of a scenario: it is no file name")
    return name


def _problems(saved: SavedMeasurement, name: str) -> Iterator[tuple[str, str]]:
    """What the types alone don't say: the key, and what is wrong with it."""
    if saved.scenario.name != name:
        yield "scenario.name", f"{saved.scenario.name!r} in the folder of {name!r}"
    if saved.payload and saved.payload.logical_bytes <= 0:
        yield "payload.logical_bytes", "not a positive size"
    for number, limit in enumerate(saved.scenario.budget):
        if limit.metric not in NAMES:
            yield f"scenario.budget.{number}.metric", f"{limit.metric!r} is not a metric"
        if (limit.payloads is None) == (limit.size_bytes is None):
            yield f"scenario.budget.{number}", "exactly one of payloads and size_bytes has to be set"
    for number, file in enumerate(saved.observations):
        if Path(file).name != file:
            yield f"observations.{number}", f"{file!r} is not the name of a file"
