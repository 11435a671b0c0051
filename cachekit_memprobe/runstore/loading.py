"""A run folder's records, validated: the run, and each of its scenarios by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from cachekit_memprobe import __version__
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.seen import KINDS, MemraySeen, Seen
from cachekit_memprobe.child.shortage import with_shortage
from cachekit_memprobe.child.task import Caching, Read, Value
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.metrics import INSTRUMENTS
from cachekit_memprobe.model import Measurement, Observations, Scenario
from cachekit_memprobe.runstore import checks, earlier
from cachekit_memprobe.runstore.names import MEASUREMENT_FILE, RUN_FILE, SCENARIOS
from cachekit_memprobe.runstore.reading import Files, with_checksums
from cachekit_memprobe.runstore.saved import (
    SCHEMA_VERSION,
    SavedHead,
    SavedMeasurement,
    SavedRun,
    SavedVersion,
)


def check_version(folder: Path) -> None:
    """Refuse a run folder of a newer version of this tool.

    Raises:
        UsageError: it is one, or can't be read.
    """
    files = Files(folder, shown=f"{folder}/")  # what a newer one's checksums are is not known
    document = files.document(RUN_FILE)
    written_as = files.record(RUN_FILE, document, SavedVersion).schema_version
    if written_as > SCHEMA_VERSION:
        raise UsageError(
            f"{folder} was written by a newer cachekit-memprobe (schema {written_as}); "
            f"this one, {__version__}, reads up to schema {SCHEMA_VERSION}"
        )


def run_in(folder: Path) -> SavedRun:
    """What the run says of itself.

    Raises:
        UsageError: its file is missing or broken; the message names it and the key.
    """
    files = _files_of_run(folder)
    document = files.document(RUN_FILE)
    version = files.record(RUN_FILE, document, SavedVersion).schema_version
    saved = files.record(RUN_FILE, earlier.run(document) if version < SCHEMA_VERSION else document, SavedRun)
    for key, problem in checks.of_run(saved):
        raise files.broken(RUN_FILE, key, problem)
    return saved


def measurement_in(folder: Path, name: str, run: SavedRun) -> Measurement:
    """One scenario. What can't be read of it is the reason why it was not measured."""
    below = f"{SCENARIOS}/{name}"
    files = Files(folder, below, f"{below}/", "restore it, or measure the scenario again")
    try:
        files = with_checksums(files)
        saved = _saved_measurement(files, name, run)
    except UsageError as error:
        return Measurement.failed(named(name), str(error))
    measurement = Measurement(
        saved.scenario,
        saved.payload,
        reason=saved.reason,
        applies=saved.applies,
        needs=saved.needs,
        notes=saved.notes,
        took_s=saved.took_s,
    )
    try:
        return replace(measurement, seen=_observations(files, saved, run))
    except UsageError as error:
        # Why it couldn't be measured then is still the better reason.
        return replace(measurement, reason=saved.reason or str(error))


def copy_capture(folder: Path, capture: str, into: Path) -> None:
    """Copy a capture of a loaded measurement to the same place in another run folder.

    Raises:
        UsageError: it was changed meanwhile.
        MemprobeError: it can't be written.
    """
    path = PurePosixPath(capture)
    files = with_checksums(Files(folder, str(path.parent), f"{folder}/{path.parent}/"))
    try:
        files.copy_capture(path.name, into / capture)
    except OSError as error:
        problem = f"can't write {printable(into / capture)}: {error.strerror}"
        raise MemprobeError(with_shortage(problem)) from None


def costs_s(folder: Path) -> Mapping[str, float]:
    """How long the scenarios of a run took, by name, those of which it is known.

    Raises:
        UsageError: the run's own file is missing or broken.
    """
    saved = run_in(folder)
    measurements = (measurement_in(folder, name, saved) for name in saved.scenarios)
    return {one.scenario.name: one.took_s for one in measurements if one.took_s and not one.reason}


def _files_of_run(folder: Path) -> Files:
    return with_checksums(Files(folder, shown=f"{folder}/"))


def _saved_measurement(files: Files, name: str, run: SavedRun) -> SavedMeasurement:
    document = files.document(MEASUREMENT_FILE)
    if run.schema_version < SCHEMA_VERSION:
        document = earlier.measurement(document)
    saved = files.record(MEASUREMENT_FILE, document, SavedMeasurement)
    for key, problem in checks.of_measurement(saved, name, run):
        raise files.broken(MEASUREMENT_FILE, key, problem)
    return saved


def _observations(files: Files, saved: SavedMeasurement, run: SavedRun) -> Observations:
    found = Observations()
    for name in saved.observations:
        seen = _seen(files, name, run.schema_version)
        more = found.adding(seen)
        if len(list(more.each())) == len(list(found.each())):
            raise files.broken(name, "instrument", "there is an observation of it already")
        found = more
    return found


def _seen(files: Files, name: str, schema_version: int) -> Seen:
    document = files.document(name)
    if schema_version < SCHEMA_VERSION:
        try:
            document = earlier.observation(document)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise files.broken(name, "data", f"{type(error).__name__}: {error}") from None
    head = files.record(name, document, SavedHead)
    if head.schema_version != SCHEMA_VERSION:
        raise files.broken(name, "schema_version", f"{head.schema_version} is not {SCHEMA_VERSION}")
    if head.instrument not in INSTRUMENTS:
        one_of = ", ".join(INSTRUMENTS)
        raise files.broken(name, "instrument", f"{head.instrument!r} is not one of {one_of}")
    if "seen" not in document:
        raise files.broken(name, "seen", "it is missing")
    seen: Seen = files.record(name, document["seen"], KINDS[head.instrument], below="seen")
    for key, problem in checks.of_seen(seen):
        raise files.broken(name, f"seen.{key}", problem)
    for capture in captures_of(seen):
        _check_capture(files, capture, name)
    return seen


def captures_of(seen: Seen) -> Iterator[str]:
    """The captures that an observation names."""
    if isinstance(seen, MemraySeen):
        yield seen.capture
        if seen.second:
            yield seen.second.capture


def _check_capture(files: Files, capture: str, named_in: str) -> None:
    """A capture is named from the run folder, and lies in the folder of its scenario."""
    path = PurePosixPath(capture)
    if not checks.is_file_name(path.name) or str(path.parent) != files.below:
        raise files.broken(
            named_in, "seen.capture", f"{capture!r} is not a file in the folder of the scenario"
        )
    files.check_capture(path.name)


def named(name: str) -> Scenario:
    """A scenario of which only the name is known."""
    return Scenario(
        name=name,
        summary="",
        source="",
        value=Value("", 0, 0, 0),
        caching=Caching("", "", "", encryption=False, l1=False),
        read=Read("", ""),
        releases="",
        needs=(),
        budget=(),
    )
