"""Replay one scenario: store the value in one process, read it in one process for each instrument."""

import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from cachekit_memprobe import metrics
from cachekit_memprobe.child.seen import (
    FIRST_READ,
    KINDS,
    FirstSeen,
    ReadFigures,
    RetentionSeen,
    RssSeen,
    Seen,
)
from cachekit_memprobe.child.shortage import is_shortage, with_shortage
from cachekit_memprobe.child.task import (
    MEASURED,
    NOTHING_STORED,
    PREPARE,
    READ,
    STORE,
    Stored,
    Task,
)
from cachekit_memprobe.child.workload.calls.imported import search_path
from cachekit_memprobe.disks import with_disks
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.folders import without_folders
from cachekit_memprobe.model import (
    Connection,
    Measurement,
    Observations,
    Payload,
    Phase,
    RunOptions,
    Scenario,
    Step,
    Target,
)
from cachekit_memprobe.replay.environment import child_environment
from cachekit_memprobe.replay.lifetime import ATTEMPTS, entries_last_s
from cachekit_memprobe.replay.own_functions import as_found, told_of
from cachekit_memprobe.replay.reclaim import Taken
from cachekit_memprobe.replay.resident_set import Watch
from cachekit_memprobe.replay.supervisor import Launch, Supervisor
from cachekit_memprobe.units import format_bytes

Progress = Callable[[Step], None]
"""Told what is being done; from several threads."""

Connect = Callable[[Scenario], AbstractContextManager[Connection]]
"""Opens the way from a scenario's children to its server; what was stored is gone when it closes."""

_Record = TypeVar("_Record")

_MASTER_KEY_BYTES = 32


@dataclass(frozen=True)
class Session:
    """What the replays of one run share.

    Attributes:
        scratch: a folder that is removed with all in it when the run ends.
        slots: measured processes that may run at the same time.
    """

    target: Target
    options: RunOptions
    supervisor: Supervisor
    scratch: Path
    connect: Connect
    progress: Progress
    slots: threading.Semaphore

    def measure(self, scenario: Scenario, capture: Path) -> Measurement:
        """Replay a scenario under every instrument of the options.

        Args:
            capture: where memray writes.

        Returns:
            The observations; or, with ``reason``, what could be observed before it failed.
        """
        workspace = self.scratch / scenario.name
        measured = Measurement(scenario, None)
        try:
            with (
                self.connect(scenario) as connection,
                # One more than there are slots: it prepares a process while the value is stored.
                ThreadPoolExecutor(max_workers=self.options.jobs + 1) as pool,
            ):
                replay = _Replay(self, scenario, workspace, capture, connection, pool)
                prepared = replay.prepared()
                stored = replay.store()
                measured = _of_stored(scenario, stored)
                outcomes = replace(replay, scenario=measured.scenario).observed(stored, prepared)
                measured = replace(measured, seen=_seen_of(outcomes))
                _raise_first(outcomes)
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
        return replace(measured, reason=reason, notes=notes)

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


@dataclass(frozen=True)
class _Observing:
    """A process that is to be measured: what to call it, and what it does."""

    label: str
    observe: Callable[[Stored], Seen]
    may_be_prepared: bool = False


class _NotStarted(CouldNotMeasure):
    """Something else of the scenario failed first, which is the reason to be told."""


@dataclass(frozen=True)
class _Replay:
    session: Session
    scenario: Scenario
    workspace: Path
    capture: Path
    connection: Connection
    pool: ThreadPoolExecutor
    master_key: str = field(default_factory=lambda: secrets.token_hex(_MASTER_KEY_BYTES), repr=False)
    stored: "Future[Stored]" = field(default_factory=Future)

    def store(self) -> Stored:
        self._tell(Phase.STORING)
        launch, supervisor = self._launch("store", self._task(STORE)), self.session.supervisor
        try:
            # Which takes no slot: others measure meanwhile.
            supervisor.prepare(launch)
            with self.session.slots, self._calling():
                stored = supervisor.run(launch, Stored)
        except BaseException as failure:
            self.stored.set_exception(failure)
            raise
        self.stored.set_result(stored)
        return stored

    def _calling(self) -> AbstractContextManager[None]:
        call = self.scenario.value.call
        return nullcontext() if call is None else told_of(f"{call.function} was called")

    def prepared(self) -> "Future[Seen] | None":
        """The first rss process, which imports what it needs while the value is stored.

        It is the only one that imports everything by itself. ``None`` if there is no slot for it, or no rss.
        """
        first = next((one for one in self._planned() if one.may_be_prepared), None)
        if self.scenario.value.call is not None:  # how it is read shows when it is stored
            return None
        if first is None or not self.session.slots.acquire(blocking=False):
            return None
        return self.pool.submit(self._observe_prepared, first.label)

    def _observe_prepared(self, label: str) -> Seen:
        """Begins and ends with a slot, and has none while it waits for the value."""
        slots = self.session.slots

        def task() -> Task:
            slots.release()
            try:
                stored = self.stored.result()
            finally:
                slots.acquire()
            self._tell(Phase.MEASURING, label)
            return self._task(READ, metrics.RSS, stored)

        try:
            return self._resident(self._task(PREPARE, metrics.RSS), 1, later=task)
        finally:
            slots.release()

    def observed(self, stored: Stored, prepared: "Future[Seen] | None") -> "list[Future[Seen]]":
        """All processes, ended, in the order of the instruments.

        They run side by side as far as there are slots. After a failure none is started any more.
        """
        failed = threading.Event()
        outcomes = [
            prepared
            if prepared is not None and one.may_be_prepared
            else self.pool.submit(self._observe, one, stored, failed)
            for one in self._planned()
        ]
        wait(outcomes)
        return outcomes

    def _planned(self) -> Iterator[_Observing]:
        options = self.session.options
        for instrument in options.instruments:
            if instrument == metrics.RSS:
                for number in range(1, options.repeat + 1):
                    label = f"rss {number}/{options.repeat}" if options.repeat > 1 else "rss"
                    observe = partial(self._repeated, number=number)
                    yield _Observing(label, observe, may_be_prepared=number == 1)
            elif instrument == metrics.RETENTION:
                yield _Observing(instrument, self._retained)
            else:
                yield _Observing(instrument, partial(self._plain, instrument=instrument))

    def _observe(self, one: _Observing, stored: Stored, failed: threading.Event) -> Seen:
        with self.session.slots:
            if failed.is_set():
                raise _NotStarted("another process of the scenario failed first")
            try:
                self._tell(Phase.MEASURING, one.label)
                return one.observe(stored)
            except BaseException:
                failed.set()
                raise

    def _plain(self, stored: Stored, instrument: str) -> Seen:
        capture = str(self.capture) if instrument == metrics.MEMRAY else ""
        task = self._task(READ, instrument, stored, capture=capture)
        kind: type[Seen] = KINDS[instrument]
        return self._run(instrument, task, kind)

    def _retained(self, stored: Stored) -> RetentionSeen:
        """Two processes: the first read of one is of a small value, that of the other of the value itself."""
        seen = self._run(metrics.RETENTION, self._task(READ, metrics.RETENTION, stored), RetentionSeen)
        first = self._run(FIRST_READ, self._task(READ, FIRST_READ, stored), FirstSeen)
        return replace(seen, first=first)

    def _repeated(self, stored: Stored, number: int) -> RssSeen:
        return self._resident(self._task(READ, metrics.RSS, stored), number)

    def _resident(self, task: Task, number: int, later: Callable[[], Task] | None = None) -> RssSeen:
        """One process; another one if the kernel took pages of it away, which makes its figures too low."""
        largest = Taken(0, 0)
        for attempt in range(ATTEMPTS):
            watch = Watch()
            launch = self._launch(f"rss-{number}" + f"-{attempt}" * (attempt > 0), task, later)
            seen = self.session.supervisor.run(launch, RssSeen, watch.at_barrier)
            watch.require_all(task.reads)
            if not watch.taken:
                reads = tuple(watch.reads if seen.pinned else map(_never_collected, watch.reads))
                return replace(
                    seen,
                    reads=reads,
                    repeated=attempt,
                    taken_bytes=largest.size_bytes,
                    uncollected_bytes=watch.uncollected_bytes,
                )
            largest = max(largest, *watch.taken, key=lambda taken: taken.size_bytes)
            task, later = self._task(READ, metrics.RSS, self.stored.result()), None
        raise CouldNotMeasure(
            f"the kernel took pages away from the measured process, in each of {ATTEMPTS} attempts: "
            f"{format_bytes(largest.size_bytes)} at most, with {largest.major_faults} major faults. Its "
            "resident set would look smaller than it is. Measure where less memory is reclaimed: with more "
            "of it, a higher limit of the container, or fewer processes at a time (--jobs 1)"
        )

    def _task(
        self, operation: str, instrument: str = "", stored: Stored = NOTHING_STORED, *, capture: str = ""
    ) -> Task:
        options = self.session.options
        rss = instrument == metrics.RSS
        key = self.master_key if self.scenario.caching.encryption else ""
        return Task(
            operation=operation,
            value=self.scenario.value,
            caching=self.scenario.caching,
            read=self.scenario.read,
            workspace=str(self.workspace),
            instrument=instrument,
            stored=stored,
            reads=options.reads if rss else 1,
            pinned=not (rss and options.as_deployed),
            capture=capture,
            link=replace(self.connection.link, master_key=key),
            stages=options.stages,
            ttl_s=entries_last_s(options),
        )

    def _run(self, name: str, task: Task, kind: type[_Record]) -> _Record:
        return self.session.supervisor.run(self._launch(name, task), kind)

    def _launch(self, name: str, task: Task, later: Callable[[], Task] | None = None) -> Launch:
        folder = self.workspace / name
        environment = {
            **child_environment(
                self.scenario, home=folder, pinned=task.pinned, counts_pages=task.counts_pages
            ),
            **self.connection.environment,
        }
        return Launch(
            python=self.session.target.python,
            task=task,
            environment=environment,
            folder=folder,
            timeout_s=self.session.options.timeout_s,
            # The verdict rests on RSS: it is that of a process as users have it.
            fresh=task.instrument == metrics.RSS,
            later=later,
        )

    def _tell(self, phase: Phase, detail: str = "") -> None:
        self.session.progress(Step(self.scenario.name, phase, detail))


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


def _never_collected(read: ReadFigures) -> ReadFigures:
    """As deployed, the garbage collector isn't run: there is no difference that it makes."""
    return replace(read, dropped_bytes=None)


def _raise_first(outcomes: "Sequence[Future[Seen]]") -> None:
    """Raise what failed first in the order of the instruments, and not what only was never started."""
    failures = [failure for outcome in outcomes if (failure := outcome.exception()) is not None]
    for failure in sorted(failures, key=lambda failure: isinstance(failure, _NotStarted)):
        raise failure
