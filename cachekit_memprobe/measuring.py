"""Replay scenarios, and save what was seen of each as soon as it is done."""

import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from cachekit_memprobe.disks import require_temporary_folder
from cachekit_memprobe.doctor.room import Room, lacking_room, room_here
from cachekit_memprobe.errors import CouldNotMeasure, MemprobeError, as_a_bug
from cachekit_memprobe.model import Measurement, Phase, Run, Scenario, Step
from cachekit_memprobe.replay.errands import Errands
from cachekit_memprobe.replay.launcher import Launcher
from cachekit_memprobe.replay.lifetime import entries_last_s
from cachekit_memprobe.replay.own_data import OwnData
from cachekit_memprobe.replay.own_functions import OwnFunctions
from cachekit_memprobe.replay.session import Session
from cachekit_memprobe.replay.sharing import Progress
from cachekit_memprobe.replay.supervisor import Cancelled, Supervisor, supervising
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import why_not
from cachekit_memprobe.scratch import notes_in, scratch_folder, sweep
from cachekit_memprobe.servers import OwnServers, forget_left_behind, serving
from cachekit_memprobe.signals import terminable, undisturbed

NO_OWN_SERVERS = OwnServers()

_SHARE = 0.9
"""Of the memory that is free, what may be taken to load a file."""

_OBJECTS = 24
"""How much longer a byte of Python's small objects takes than one of an array."""


class Together:
    """What measurements share that go on at the same time, each in a thread of its own.

    Together they take as much memory and disk as one of them alone.

    Attributes:
        slots: measured processes that may run at a time, of all of them.
        in_work: scenarios whose values may be stored at a time.
    """

    def __init__(self, jobs: int) -> None:
        self.slots = threading.Semaphore(jobs)
        self.in_work = threading.Semaphore(jobs)
        self._room: Room | None = None
        self._lock = threading.Lock()
        self._supervisors: set[Supervisor] = set()
        self._cancelled = False

    def room(self) -> Room:
        """What there was before the first of them had taken anything."""
        with self._lock:
            self._room = self._room or room_here()
            return self._room

    @contextmanager
    def including(self, supervisor: Supervisor) -> Iterator[None]:
        """Inside, what a supervisor runs ends with all others."""
        with self._lock:
            self._supervisors.add(supervisor)
            if self._cancelled:
                supervisor.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._supervisors.discard(supervisor)

    def cancel(self) -> None:
        """End them all, those too that have just begun; any thread may ask for it."""
        with self._lock:
            self._cancelled = True
            for supervisor in self._supervisors:
                supervisor.cancel()


def measure(
    planned: Run,
    folder: RunFolder,
    progress: Progress,
    own_servers: OwnServers = NO_OWN_SERVERS,
    here: Launcher | None = None,
    together: Together | None = None,
) -> None:
    """Replay each scenario and save its observations as soon as it is done.

    Whatever ends this, a signal included, no child process, no server and no temporary file survives it.
    What is left of a run that was killed outright is removed first.

    Args:
        together: with other measurements.
    """
    together = together or Together(planned.options.jobs)
    sweep(partial(forget_left_behind, own_servers))
    require_temporary_folder()
    room = together.room()
    target, options, fork = planned.target, planned.options, planned.options.isolation == "fork"
    lasting = f"{math.ceil(entries_last_s(options) / 60)} minutes"
    with (
        terminable(),
        scratch_folder() as scratch,
        supervising(scratch / "launchers", fork=fork, here=here) as supervisor,
        together.including(supervisor),
    ):
        most_bytes = round(_SHARE * room.memory_bytes)
        errands = Errands(target, supervisor, scratch / "errands", options.timeout_s)
        data, functions = OwnData(errands, most_bytes), OwnFunctions(errands, own_servers.kinds)
        loaded = _loaded(planned.scenarios, data, functions, folder, progress)
        applicable = [scenario for scenario in loaded if why_not(scenario, target.cachekit) is None]
        with serving(applicable, own_servers, scratch / "servers", notes_in(scratch), lasting) as servers:
            session = Session(
                target,
                options,
                supervisor,
                scratch / "replays",
                servers.connect,
                progress,
                together.slots,
                together.in_work,
            )
            _measure_all(session, loaded, folder, room)


def _loaded(
    scenarios: Sequence[Scenario],
    data: OwnData,
    functions: OwnFunctions,
    folder: RunFolder,
    progress: Progress,
) -> list[Scenario]:
    """The scenarios with what is known of the user's data and functions; one that can't be loaded is done."""
    loaded = []
    for scenario in scenarios:
        if scenario.value.file or scenario.value.call:
            progress(Step(scenario.name, Phase.LOADING if scenario.value.file else Phase.IMPORTING))
        try:
            loaded.append(functions.described(data.with_size(scenario)))
        except CouldNotMeasure as failure:
            folder.save_measurement(Measurement.failed(scenario, str(failure)))
            progress(Step(scenario.name, Phase.DONE))
    return loaded


def _measure_all(session: Session, scenarios: Sequence[Scenario], folder: RunFolder, room: Room) -> None:
    with ThreadPoolExecutor(max_workers=session.options.jobs) as pool:
        pending: list[Future[None]] = []
        try:
            # Of a thread that it interrupts the start of, a pool would know nothing.
            with undisturbed():
                for scenario in longest_first(scenarios):
                    pending.append(pool.submit(_measure_one, session, scenario, folder, room))
            for done in pending:
                done.result()
        except BaseException:
            for waiting in pending:
                waiting.cancel()
            session.supervisor.cancel()
            raise


def longest_first(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """In the order in which to begin with them, so that the last one doesn't run alone for long."""
    return sorted(scenarios, key=work_of, reverse=True)


def work_of(scenario: Scenario) -> int:
    """How much work a scenario is beside others, in bytes of a plain payload; what all take is left out."""
    weight = _OBJECTS if scenario.value.kind == "nested" else 2 if scenario.caching.encryption else 1
    return weight * scenario.value.logical_bytes * scenario.read.readers


def _measure_one(session: Session, scenario: Scenario, folder: RunFolder, room: Room) -> None:
    if inapplicable := why_not(scenario, session.target.cachekit):
        measurement = Measurement.not_applicable(scenario, inapplicable)
    elif lacking := lacking_room(scenario, session.options.jobs, room, session.target.cachekit):
        measurement = Measurement.failed(scenario, lacking)
    else:
        measurement = _measured(session, scenario, folder.capture_of(scenario.name))
    folder.save_measurement(measurement)
    session.progress(Step(scenario.name, Phase.DONE))


def _measured(session: Session, scenario: Scenario, capture: Path) -> Measurement:
    """A fault of this program's own, which a target may find, costs one scenario and not the others."""
    try:
        return session.measure(scenario, capture)
    except (Cancelled, MemprobeError):
        raise
    except Exception as error:
        return Measurement.failed(scenario, as_a_bug(error))
