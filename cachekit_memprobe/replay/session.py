"""One scenario replayed: what was seen of it, or why it could not be measured."""

import shutil
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from cachekit_memprobe.child.seen import Seen
from cachekit_memprobe.child.shortage import is_shortage, with_shortage
from cachekit_memprobe.child.task import MEASURED, Stored
from cachekit_memprobe.child.workload.calls.imported import search_path
from cachekit_memprobe.disks import with_disks
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.folders import without_folders
from cachekit_memprobe.model import Measurement, Observations, Payload, Scenario
from cachekit_memprobe.replay.own_functions import as_found
from cachekit_memprobe.replay.replaying import NotStarted, Replay
from cachekit_memprobe.replay.sharing import Shared


@dataclass(frozen=True)
class Session(Shared):
    """Measures the scenarios of a run, one at each call; threads may call at the same time."""

    def measure(self, scenario: Scenario, capture: Path) -> Measurement:
        """Replay a scenario under every instrument of the options.

        Args:
            capture: where memray writes.

        Returns:
            The observations; or, with ``reason``, what could be observed before it failed.
        """
        workspace = self.scratch / scenario.name
        measured = Measurement(scenario, None)
        began = time.monotonic()
        try:
            with (
                self.connect(scenario) as connection,
                # One more than there are slots: it prepares a process while the value is stored.
                ThreadPoolExecutor(max_workers=self.options.jobs + 1) as pool,
            ):
                replay = Replay(self, scenario, workspace, capture, connection, pool)
                with replay.in_work():
                    began = time.monotonic()
                    prepared = replay.prepared()
                    stored = replay.store()
                    measured = _of_stored(scenario, stored)
                    outcomes = replace(replay, scenario=measured.scenario).observed(stored, prepared)
                    measured = replace(measured, seen=_seen_of(outcomes))
                    _raise_first(outcomes)
                    # Before the next one may store its own.
                    shutil.rmtree(workspace, ignore_errors=True)
        except CouldNotMeasure as failure:
            measured = self._failed(measured, str(failure), capture)
        except OSError as error:
            if not is_shortage(error):
                raise
            measured = self._failed(measured, with_shortage(str(error)), capture)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
        folders = self._folders(scenario, capture)
        notes = tuple(without_folders(note, folders) for note in measured.notes)
        reason = measured.reason and without_folders(measured.reason, folders)
        took_s = round(time.monotonic() - began, 3)
        return replace(measured, reason=reason, notes=notes, took_s=took_s)

    def _failed(self, measured: Measurement, reason: str, capture: Path) -> Measurement:
        """With the state of the disks, as long as what was stored is there."""
        return replace(
            measured, reason=with_disks(reason, measured.scenario, self.scratch.parent, capture.parent)
        )

    def _folders(self, scenario: Scenario, capture: Path) -> tuple[Path, ...]:
        """Those that a reason may name, and that nobody who reads it knows."""
        python = self.target.python
        call = scenario.value.call
        own = [Path(folder) for folder in search_path(call)] if call else [Path(scenario.value.file)]
        return (*python.parents[:2], capture.parent, self.scratch, *own)


def _of_stored(scenario: Scenario, stored: Stored) -> Measurement:
    """What is known once the value is stored."""
    frame_bytes = stored.frame_bytes[MEASURED]
    payload = Payload(stored.logical_bytes, frame_bytes, stored.record_batches, stored.rows)
    if stored.found is None:
        return Measurement(scenario, payload, needs=stored.needs)
    found = as_found(scenario, stored.found)
    return Measurement(found, payload, needs=stored.needs, notes=stored.found.notes)


def _seen_of(outcomes: "Sequence[Future[Seen]]") -> Observations:
    """Of those processes that have come to their end."""
    seen = Observations()
    for outcome in outcomes:
        if outcome.exception() is None:
            seen = seen.adding(outcome.result())
    return seen


def _raise_first(outcomes: "Sequence[Future[Seen]]") -> None:
    """Raise what failed first in the order of the instruments, and not what only was never started."""
    failures = [failure for outcome in outcomes if (failure := outcome.exception()) is not None]
    for failure in sorted(failures, key=lambda failure: isinstance(failure, NotStarted)):
        raise failure
