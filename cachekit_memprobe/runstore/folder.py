"""A run folder on disk."""

import os
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from cachekit_memprobe import __version__, validation, variables
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.seen import MemraySeen, Seen
from cachekit_memprobe.child.shortage import is_shortage, with_shortage
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.folders import without_folders
from cachekit_memprobe.guesses import ONLY_FOLDERS, did_you_mean, near_paths
from cachekit_memprobe.in_use import InUse, claim, share
from cachekit_memprobe.model import Measurement, Run, Scenario, Target
from cachekit_memprobe.request import Request
from cachekit_memprobe.runstore import checks, loading
from cachekit_memprobe.runstore.files import write, write_atomically, write_checksums
from cachekit_memprobe.runstore.names import (
    CAPTURE_FILE,
    MEASUREMENT_FILE,
    REPORT_FILE,
    RUN_FILE,
    SCENARIOS,
    SUMMARY_FILE,
)
from cachekit_memprobe.runstore.naming import runs_folder, stamp
from cachekit_memprobe.runstore.pruning import check_variable, prune
from cachekit_memprobe.runstore.reading import CHECKSUMS
from cachekit_memprobe.runstore.saved import (
    SCHEMA_VERSION,
    SavedMeasurement,
    SavedRun,
    SavedTarget,
    saved_seen,
)
from cachekit_memprobe.runstore.summaries import Summary

NOT_MEASURED_YET = "the run ended before this scenario was measured"


@dataclass(frozen=True)
class RunFolder:
    """A run folder on disk. Different scenarios may be saved by different threads.

    Attributes:
        path: absolute, so that child processes can use it.
        held: keeps other runs from removing it, as long as this object is there.
    """

    path: Path
    held: InUse | None = field(default=None, repr=False, compare=False)

    @classmethod
    def create(cls, path: Path | None = None) -> "RunFolder":
        """Make a new run folder, or use an empty folder.

        Without a path it is one below the user's state folder, of which old ones are removed then.

        Raises:
            UsageError: there is something at ``path`` already, or it can't be written.
            MemprobeError: the disk is full.
        """
        check_unused(path)
        place = (path or _default_path()).absolute()
        try:
            place.mkdir(parents=True, exist_ok=True)
            # Not exist_ok: of two runs that were given the same folder, one has to lose.
            (place / SCENARIOS).mkdir()
            held = claim(place) if path is None else None
        except OSError as error:
            problem = f"can't make the run folder {printable(place)}: {error.strerror}"
            if is_shortage(error):
                raise MemprobeError(with_shortage(problem)) from None
            raise UsageError(f"{problem}; name another one with --out") from None
        if path is None:
            prune(place.parent)
        return cls(place, held)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run folder.

        Raises:
            UsageError: it isn't one, or it was written by a newer cachekit-memprobe.
        """
        folder = cls(path.absolute(), share(path))
        try:
            os.lstat(folder.path / RUN_FILE)
        except FileNotFoundError:
            near = near_paths(path, ONLY_FOLDERS)
            hint = f"; {did_you_mean([printable(one) for one in near])}" if near else ""
            raise UsageError(f"{printable(path)} is not a run folder: it has no {RUN_FILE}{hint}") from None
        except OSError as error:
            raise UsageError(f"can't read the run folder {printable(path)}: {error.strerror}") from None
        loading.check_version(folder.path)
        return folder

    def save_run(self, run: Run) -> None:
        """Save what is going to be measured. Until a scenario is, the folder says that it was not.

        Raises:
            UsageError: what is asked for is nothing that could be read again, as a time limit of infinity.
            MemprobeError: it can't be written.
        """
        saved = SavedRun(
            schema_version=SCHEMA_VERSION,
            tool_version=__version__,
            created=run.created,
            target=SavedTarget(file_name(run.target.spec), dict(run.target.versions)),
            options=run.options,
            scenarios=tuple(scenario.name for scenario in run.scenarios),
            sweep=run.sweep,
            request=run.request and public_request(run.request),
            shard=run.shard,
        )
        try:
            validation.check(saved)
            for scenario in run.scenarios:
                validation.check(scenario)
        except validation.Invalid as error:
            raise UsageError(f"this can't be measured: {error}") from None
        for scenario in run.scenarios:
            self.save_measurement(Measurement.failed(scenario, NOT_MEASURED_YET))
        self.write_run(saved)

    def write_run(self, saved: SavedRun) -> None:
        """Write what the run says of itself, whose scenarios are saved already.

        Raises:
            MemprobeError: it can't be written.
        """
        write(self.path / RUN_FILE, saved, SavedRun)
        write_checksums(self.path, [RUN_FILE])

    def scenario_dir(self, name: str) -> Path:
        """The folder of a scenario's files, made when it isn't there yet.

        Raises:
            MemprobeError: the name can't be a folder's, or the folder can't be made.
        """
        if not checks.is_file_name(name):
            raise UsageError(f"{name!r} can't be the name of a scenario: it is no file name")
        folder = self.path / SCENARIOS / name
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise MemprobeError(f"can't make {printable(folder)}: {error.strerror}") from None
        return folder

    def capture_of(self, name: str) -> Path:
        """Where the memray capture of a scenario is to be written; its folder is there."""
        return self.scenario_dir(name) / CAPTURE_FILE

    def save_measurement(self, measurement: Measurement) -> None:
        """Save one scenario: the observations first, so that a measurement on disk is complete.

        Its checksums come last, and are gone meanwhile: whatever ends this, none is of an earlier file.

        Raises:
            ValueError: a capture is outside this folder.
            MemprobeError: a file can't be written.
        """
        folder = self.scenario_dir(measurement.scenario.name)
        (folder / CHECKSUMS).unlink(missing_ok=True)
        files: list[str] = []
        captures: list[str] = []
        for number, (instrument, seen) in enumerate(measurement.seen.each()):
            files.append(f"{number:02}-{instrument}.json")
            captures.extend(Path(capture).name for capture in loading.captures_of(seen))
            saved_as = saved_seen(instrument, self._with_own_capture(seen))
            write(folder / files[-1], saved_as, type(saved_as))
        scenario = public_scenario(measurement.scenario)
        own = (self.path, measurement.scenario.value.file, measurement.scenario.source)
        reason = measurement.reason and without_folders(measurement.reason, own)
        saved = SavedMeasurement(
            scenario,
            measurement.payload,
            tuple(files),
            reason,
            measurement.applies,
            measurement.needs,
            measurement.notes,
            measurement.took_s,
        )
        write(folder / MEASUREMENT_FILE, saved, SavedMeasurement)
        write_checksums(folder, [MEASUREMENT_FILE, *files, *captures])

    def save_reason(self, name: str, reason: str) -> None:
        """Save that what was measured of a scenario can't be judged, and why.

        Raises:
            UsageError: its files are broken.
            MemprobeError: it can't be written.
        """
        for measurement in self.measurements([name]):
            self.save_measurement(replace(measurement, reason=measurement.reason or reason))

    def save_report(self, json_text: str, summary: Summary) -> None:
        """Save the finished report beside the observations that it was made of, and the summary of it."""
        write_atomically(self.path / REPORT_FILE, json_text)
        write(self.path / SUMMARY_FILE, summary, Summary)

    def load(self) -> tuple[Run, Iterator[Measurement]]:
        """The run, still without its scenarios, and one by one its measurements, in their order.

        What is wrong with the files of a scenario is the reason why it was not measured. The target has no
        interpreter any more; its path is ``Path()``.

        Raises:
            UsageError: the run's own file is missing or broken; the message names it and the key.
        """
        saved = loading.run_in(self.path)
        run = Run(
            created=saved.created,
            target=Target(saved.target.spec, Path(), saved.target.versions),
            options=saved.options,
            scenarios=(),
            sweep=saved.sweep,
            request=saved.request,
            shard=saved.shard,
        )
        return run, self.measurements(saved.scenarios)

    def names(self) -> tuple[str, ...]:
        """Of its scenarios, in their order.

        Raises:
            UsageError: as of :meth:`load`.
        """
        return loading.run_in(self.path).scenarios

    def measurements(self, names: Collection[str]) -> Iterator[Measurement]:
        """One by one those of some of its scenarios.

        Raises:
            UsageError: as of :meth:`load`.
        """
        saved = loading.run_in(self.path)
        return (loading.measurement_in(self.path, name, saved) for name in names)

    def _with_own_capture(self, seen: Seen) -> Seen:
        """What was seen with its capture by its place in this folder, which may be moved."""
        if not isinstance(seen, MemraySeen):
            return seen
        second = seen.second and self._in_folder(seen.second)
        return replace(self._in_folder(seen), second=second)

    def _in_folder(self, seen: MemraySeen) -> MemraySeen:
        capture = Path(seen.capture)
        return replace(
            seen, capture=str(capture.relative_to(self.path) if capture.is_absolute() else capture)
        )


def check_unused(path: Path | None) -> None:
    """Refuse a folder for a new run in which something could be lost; ``None`` is always free.

    Raises:
        UsageError: there is something at ``path`` already, or it can't be read; or nobody knows what is to
            be removed for it.
    """
    if path is None:
        check_variable()
    if path is None or not os.path.lexists(path):
        return
    if not path.is_dir():
        raise UsageError(f"{printable(path)} is not a folder; give a new or an empty one")
    try:
        entries = {entry.name for entry in path.iterdir()}
    except OSError as error:
        raise UsageError(f"can't read {printable(path)}: {error.strerror}") from None
    if {RUN_FILE, SCENARIOS} & entries:
        raise UsageError(
            f"{printable(path)} holds an earlier run, which is never overwritten; give another folder"
        )
    if entries:
        raise UsageError(f"{printable(path)} is not empty and not a run folder; give a new or an empty one")


def _default_path() -> Path:
    name = f"{stamp(datetime.now(timezone.utc))}-{secrets.token_hex(3)}"
    return runs_folder("name the run folder with --out") / name


def public_scenario(scenario: Scenario) -> Scenario:
    """As it is saved: without folders of this machine, and values that nobody knows to be no secret."""
    call = scenario.value.call
    value = replace(
        scenario.value,
        file=file_name(scenario.value.file),
        call=call and replace(call, root="", paths=()),
    )
    given = variables.recorded(scenario.environment)
    return replace(scenario, source=file_name(scenario.source), value=value, environment=given)


def public_request(request: Request) -> Request | None:
    """As it is saved, likewise; ``None`` for one that is too long for that."""
    public = replace(
        request,
        patterns=request.patterns and tuple(map(_public_pattern, request.patterns)),
        environment=variables.recorded(request.environment),
        payload=file_name(request.payload),
        configuration=file_name(request.configuration),
        called=tuple(map(printable, request.called)),
        extras=tuple(map(printable, request.extras)),
    )
    return public if public.is_bounded else None


def _public_pattern(pattern: str) -> str:
    """A file by its name, which has to look like a file's."""
    if "/" not in pattern:
        return printable(pattern)
    name = printable(file_name(pattern))
    return name if name.endswith(".toml") else f"./{name}"


def file_name(path: str) -> str:
    """The last part of a path, as folders of this machine have no business in a run folder."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]
