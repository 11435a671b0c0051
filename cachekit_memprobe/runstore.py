"""A run folder: what was measured, saved before it is explained.

::

    run.json                          target, options, the chosen scenarios in their order
    scenarios/NAME/measurement.json   the scenario with its budget, the payload, the observations' files
    scenarios/NAME/NN-INSTRUMENT.json one observation, raw
    scenarios/NAME/...                memray's captures
    report.json                       the report, as it was when the run ended

Files are JSON and are validated when they are read: a run folder may come from another machine.
"""

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

import platformdirs
from pydantic import TypeAdapter, ValidationError

from cachekit_memprobe import __version__
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.metrics import INSTRUMENTS, NAMES
from cachekit_memprobe.model import Measurement, Observation, Payload, RunOptions, Scenario, Target
from cachekit_memprobe.sweep import Sweep

SCHEMA_VERSION = 1
"""Raised when an older cachekit-memprobe could not read the folder any more."""

NOT_MEASURED_YET = "the run ended before this scenario was measured"

_RUN_FILE = "run.json"
_REPORT_FILE = "report.json"
_MEASUREMENT_FILE = "measurement.json"
_SCENARIOS = "scenarios"

_NO_SWEEP = Sweep()

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class _SavedVersion:
    schema_version: int


@dataclass(frozen=True)
class _SavedTarget:
    """A target without its interpreter, whose path means nothing elsewhere."""

    spec: str
    versions: dict[str, str]


@dataclass(frozen=True)
class _SavedRun:
    schema_version: int
    tool_version: str
    created: str
    target: _SavedTarget
    options: RunOptions
    scenarios: tuple[str, ...]
    sweep: Sweep = field(default_factory=Sweep)


@dataclass(frozen=True)
class _SavedMeasurement:
    scenario: Scenario
    payload: Payload | None
    observations: tuple[str, ...]
    reason: str | None
    applies: bool


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
            raise UsageError(f"can't make the run folder {folder.path}: {error.strerror}") from None
        return folder

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run folder.

        Raises:
            UsageError: it isn't one, or it was written by a newer cachekit-memprobe.
        """
        folder = cls(path.absolute())
        run_file = folder.path / _RUN_FILE
        if not run_file.is_file():
            raise UsageError(f"{path} is not a run folder: it has no {_RUN_FILE}")
        written_as = _read(run_file, _SavedVersion).schema_version
        if written_as > SCHEMA_VERSION:
            raise UsageError(
                f"{path} was written by a newer cachekit-memprobe (schema {written_as}); "
                f"this one, {__version__}, reads up to schema {SCHEMA_VERSION}"
            )
        return folder

    def save_run(
        self,
        target: Target,
        options: RunOptions,
        created: str,
        scenarios: Sequence[Scenario],
        sweep: Sweep = _NO_SWEEP,
    ) -> None:
        """Save what is going to be measured. Until a scenario is, the folder says that it was not."""
        for scenario in scenarios:
            self.save_measurement(Measurement(scenario, None, (), NOT_MEASURED_YET))
        saved_target = _SavedTarget(_file_name(target.spec), dict(target.versions))
        names = tuple(scenario.name for scenario in scenarios)
        run = _SavedRun(SCHEMA_VERSION, __version__, created, saved_target, options, names, sweep)
        _write(self.path / _RUN_FILE, run, _SavedRun)

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

    def save_measurement(self, measurement: Measurement) -> None:
        """Save one scenario: the observations first, so that a measurement on disk is complete.

        Raises:
            ValueError: a capture is outside this folder.
        """
        folder = self.scenario_dir(measurement.scenario.name)
        files = []
        for number, observation in enumerate(measurement.observations):
            self._check_capture(observation)
            files.append(f"{number:02}-{observation.instrument}.json")
            _write(folder / files[-1], observation, Observation)
        scenario = _without_folders(measurement.scenario)
        saved = _SavedMeasurement(
            scenario, measurement.payload, tuple(files), measurement.reason, measurement.applies
        )
        _write(folder / _MEASUREMENT_FILE, saved, _SavedMeasurement)

    def save_report(self, json_text: str) -> None:
        """Save the finished report beside the observations that it was made of."""
        write_atomically(self.path / _REPORT_FILE, json_text)

    def load(self) -> tuple[Target, RunOptions, str, tuple[Measurement, ...]]:
        """Target, options, time of creation, and all measurements in the order of the run.

        The target has no interpreter any more; its path is ``Path()``.

        Raises:
            UsageError: a file is missing or broken; the message names it and the key.
        """
        run_file = self.path / _RUN_FILE
        run = _read(run_file, _SavedRun)
        if "cachekit" not in run.target.versions:
            raise _broken(run_file, "target.versions.cachekit", "it is missing")
        target = Target(run.target.spec, Path(), run.target.versions)
        measurements = tuple(self._load_measurement(name) for name in run.scenarios)
        return target, run.options, run.created, measurements

    def load_sweep(self) -> Sweep:
        """How the scenarios of the run were multiplied.

        Raises:
            UsageError: the file that says it is missing or broken.
        """
        return _read(self.path / _RUN_FILE, _SavedRun).sweep

    def _load_measurement(self, name: str) -> Measurement:
        folder = self.path / _SCENARIOS / _folder_name(name)
        file = folder / _MEASUREMENT_FILE
        saved = _read(file, _SavedMeasurement)
        for key, problem in _problems(saved, name):
            raise _broken(file, key, problem)
        observations = tuple(self._load_observation(folder / entry) for entry in saved.observations)
        return Measurement(saved.scenario, saved.payload, observations, saved.reason, saved.applies)

    def _load_observation(self, file: Path) -> Observation:
        observation = _read(file, Observation)
        if observation.instrument not in INSTRUMENTS:
            raise _broken(
                file, "instrument", f"{observation.instrument!r} is not one of {', '.join(INSTRUMENTS)}"
            )
        try:
            self._check_capture(observation)
        except ValueError as error:
            raise _broken(file, "capture", str(error)) from None
        return observation

    def _check_capture(self, observation: Observation) -> None:
        if observation.capture is None:
            return
        relative = Path(observation.capture)
        inside = not relative.is_absolute() and ".." not in relative.parts
        # Resolved, too: a symbolic link could lead out of the folder.
        if not inside or not (self.path / relative).resolve().is_relative_to(self.path.resolve()):
            raise ValueError(f"{observation.capture!r} is not a file inside the run folder")
        if not (self.path / relative).is_file():
            raise ValueError(f"there is no file {observation.capture!r} in the run folder")


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


def write_atomically(path: Path, text: str) -> None:
    """Write a text file, so that a reader sees either what was there before or all of the text.

    Raises:
        MemprobeError: it can't be written; the message names it.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            # Not tempfile, whose files only their owner may read.
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise MemprobeError(f"can't write {path}: {error.strerror}") from None


def _default_path() -> Path:
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return platformdirs.user_state_path("cachekit-memprobe") / "runs" / f"{stamp}-{secrets.token_hex(3)}"


def _without_folders(scenario: Scenario) -> Scenario:
    value = replace(scenario.value, file=_file_name(scenario.value.file))
    return replace(scenario, source=_file_name(scenario.source), value=value)


def _file_name(path: str) -> str:
    """The last part of a path, as folders of this machine have no business in a run folder."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _folder_name(name: str) -> str:
    if name in ("", ".", "..") or any(character in name for character in "/\\\0"):
        raise UsageError(f"{name!r} can't be the name of a scenario: it is no file name")
    return name


def _write(path: Path, record: _Record, kind: type[_Record]) -> None:
    plain = TypeAdapter(kind).dump_python(record, mode="json")
    text = json.dumps(plain, indent=1, allow_nan=False, ensure_ascii=False)
    # Half a surrogate pair, as undecodable file names have them, could not be read back.
    write_atomically(path, text.encode("utf-8", "replace").decode("utf-8") + "\n")


def _read(path: Path, kind: type[_Record]) -> _Record:
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _broken(path, ".".join(map(str, first["loc"])), first["msg"]) from None


def _problems(saved: _SavedMeasurement, name: str) -> Iterator[tuple[str, str]]:
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


def _broken(path: Path, key: str, problem: str) -> UsageError:
    return UsageError(f"{path} is broken: {key or 'the file'}: {problem}")
