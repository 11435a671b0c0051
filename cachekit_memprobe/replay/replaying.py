"""The processes of one scenario: one stores the value, then one for each instrument reads it."""

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
from cachekit_memprobe.child.task import NOTHING_STORED, PREPARE, READ, STORE, Stored, Task
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Connection, Phase, Scenario, Step
from cachekit_memprobe.replay.environment import child_environment
from cachekit_memprobe.replay.lifetime import ATTEMPTS, entries_last_s
from cachekit_memprobe.replay.own_functions import told_of
from cachekit_memprobe.replay.reclaim import Taken
from cachekit_memprobe.replay.resident_set import Watch
from cachekit_memprobe.replay.sharing import Shared
from cachekit_memprobe.replay.supervisor import Launch
from cachekit_memprobe.units import format_bytes

_Record = TypeVar("_Record")

_MASTER_KEY_BYTES = 32


@dataclass(frozen=True)
class _Observing:
    """A process that is to be measured: what to call it, and what it does."""

    label: str
    observe: Callable[[Stored], Seen]
    may_be_prepared: bool = False


class NotStarted(CouldNotMeasure):
    """Something else of the scenario failed first, which is the reason to be told."""


@dataclass(frozen=True)
class Replay:
    """Stores the value of a scenario, and has it read.

    Attributes:
        capture: where memray writes.
    """

    shared: Shared
    scenario: Scenario
    workspace: Path
    capture: Path
    connection: Connection
    pool: ThreadPoolExecutor
    master_key: str = field(default_factory=lambda: secrets.token_hex(_MASTER_KEY_BYTES), repr=False)
    stored: "Future[Stored]" = field(default_factory=Future)

    @contextmanager
    def in_work(self) -> Iterator[None]:
        """Inside, the value may be stored. What can be done before is done while others have theirs.

        Raises:
            CouldNotMeasure: as of :meth:`store`.
        """
        in_work = self.shared.in_work
        if not in_work.acquire(blocking=False):
            self.shared.supervisor.prepare(self._launch("store", self._task(STORE)))
            in_work.acquire()
        try:
            yield
        finally:
            in_work.release()

    def store(self) -> Stored:
        """Have the value stored; a process that was prepared waits for it.

        Raises:
            CouldNotMeasure: it can't be.
        """
        self._tell(Phase.STORING)
        launch, supervisor = self._launch("store", self._task(STORE)), self.shared.supervisor
        try:
            # Which takes no slot: others measure meanwhile.
            supervisor.prepare(launch)
            with self.shared.slots, self._calling():
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
        if first is None or not self.shared.slots.acquire(blocking=False):
            return None
        return self.pool.submit(self._observe_prepared, first.label)

    def _observe_prepared(self, label: str) -> Seen:
        """Begins and ends with a slot, and has none while it waits for the value."""
        slots = self.shared.slots

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
        options = self.shared.options
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
        with self.shared.slots:
            if failed.is_set():
                raise NotStarted("another process of the scenario failed first")
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
            seen = self.shared.supervisor.run(launch, RssSeen, watch.at_barrier)
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
        options = self.shared.options
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
        return self.shared.supervisor.run(self._launch(name, task), kind)

    def _launch(self, name: str, task: Task, later: Callable[[], Task] | None = None) -> Launch:
        folder = self.workspace / name
        environment = {
            **child_environment(
                self.scenario, home=folder, pinned=task.pinned, counts_pages=task.counts_pages
            ),
            **self.connection.environment,
        }
        return Launch(
            python=self.shared.target.python,
            task=task,
            environment=environment,
            folder=folder,
            timeout_s=self.shared.options.timeout_s,
            # The verdict rests on RSS: it is that of a process as users have it.
            fresh=task.instrument == metrics.RSS,
            later=later,
        )

    def _tell(self, phase: Phase, detail: str = "") -> None:
        self.shared.progress(Step(self.scenario.name, phase, detail))


def _never_collected(read: ReadFigures) -> ReadFigures:
    """As deployed, the garbage collector isn't run: there is no difference that it makes."""
    return replace(read, dropped_bytes=None)
