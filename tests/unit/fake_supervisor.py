"""In place of real children: answers from hand-made records."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.child.seen import (
    FIRST_READ,
    AliasingSeen,
    Block,
    FirstSeen,
    Held,
    Origin,
    RetentionSeen,
    TracemallocSeen,
)
from cachekit_memprobe.child.stages import DECODE, L1_GET, MATERIALIZE, STATS, UNWRAP, Place
from cachekit_memprobe.child.task import MEASURED, SIZE, STORE, Sized, Stored, Task
from cachekit_memprobe.metrics import ALIASING, RETENTION, TRACEMALLOC
from cachekit_memprobe.replay.supervisor import Launch

INSTRUMENTS = (TRACEMALLOC, ALIASING, RETENTION)
PLACE = Place(UNWRAP, "SerializationWrapper.unwrap", "cachekit/serializers/wrapper.py", 126)
_CALLS = dict.fromkeys((STATS, L1_GET, DECODE, UNWRAP, MATERIALIZE), 1)
_NOTHING = Held(0, 0, 0, 0)


def well_done(task: Task) -> Any:
    """What a child answers that has done its task: unwrap has copied the payload, and nothing stays."""
    size = task.value.logical_bytes
    if task.operation == SIZE:
        return Sized(12_000_000, "1 row")
    if task.operation == STORE:
        return Stored({MEASURED: "k"}, {MEASURED: "d"}, {MEASURED: ""}, {MEASURED: size + 10}, "table", size)
    return {
        TRACEMALLOC: TracemallocSeen("0.9.1", _CALLS, size, 0, 0, {UNWRAP: size}),
        ALIASING: AliasingSeen(
            "0.9.1", _CALLS, (Block(PLACE, (126, 126), size, "verbatim", Origin("l1_frame", size)),), {}, ()
        ),
        RETENTION: RetentionSeen("0.9.1", Held(size, 0, 0, 0), (), _NOTHING, None),
        FIRST_READ: FirstSeen("0.9.1", _NOTHING),
    }[task.instrument]


def name_of(task: Task) -> str:
    """The scenario whose task it is."""
    return Path(task.workspace).name


class FakeSupervisor:
    """Answers each launch with what ``answer`` makes of its task, or raises that.

    Attributes:
        launches: in the order in which they came.
        tasks: in the order in which they were done, which is another for one that was only prepared first.
    """

    def __init__(self, answer: Callable[[Task], Any] = well_done) -> None:
        self.answer = answer
        self.launches: list[Launch] = []
        self.tasks: list[Task] = []
        self.cancelled = False
        self.closed = False

    def prepare(self, launch: Launch) -> None:
        """There is nothing to wait for."""

    def run(self, launch: Launch, kind: type[Any], on_barrier: object = None) -> Any:
        self.launches.append(launch)
        task = launch.later() if launch.later is not None else launch.task
        self.tasks.append(task)
        answer = self.answer(task)
        if isinstance(answer, BaseException):
            raise answer
        assert type(answer) is kind
        return answer

    def cancel(self) -> None:
        self.cancelled = True

    def close(self) -> None:
        self.closed = True

    @property
    def did(self) -> list[tuple[str, str]]:
        """The scenario of each task, and its instrument or its operation."""
        return [(name_of(task), task.instrument or task.operation) for task in self.tasks]


def use(supervisor: FakeSupervisor, monkeypatch: pytest.MonkeyPatch) -> FakeSupervisor:
    """Have the pipeline start its children through it; the supervisor knows whether it may fork."""

    @contextmanager
    def supervising(folder: Path, *, fork: bool, here: object = None) -> Iterator[FakeSupervisor]:
        try:
            yield supervisor
        finally:
            supervisor.close()

    monkeypatch.setattr("cachekit_memprobe.measuring.supervising", supervising)
    return supervisor
