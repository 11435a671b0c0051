"""A history's points, measured side by side by a supervisor that only answers."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.child.task import STORE, Task
from cachekit_memprobe.chronicle import Listener, Plan, Stop, history_of
from cachekit_memprobe.doctor.room import Room
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.history import History, Point
from cachekit_memprobe.metrics import TRACEMALLOC
from cachekit_memprobe.model import RunOptions, Scenario, Target
from cachekit_memprobe.replay.supervisor import Cancelled
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore import Histories
from cachekit_memprobe.servers import OwnServers
from tests.golden.reports import TARGET
from tests.unit.fake_supervisor import FakeSupervisor, use, well_done
from tests.unit.test_pipeline import scenario

_SOON_S = 20


class Told(Listener):
    """The points that are done, as they are told."""

    def __init__(self) -> None:
        self.points: list[str] = []
        self.lacking: list[tuple[str, list[str]]] = []

    def planned(self, lacking: Sequence[tuple[Point, Sequence[Scenario]]]) -> None:
        self.lacking = [(point.label, [one.name for one in several]) for point, several in lacking]

    def done(self, point: Point, results: Mapping[str, Result], measured: int) -> None:
        self.points.append(point.label)


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> FakeSupervisor:
    return use(FakeSupervisor(), monkeypatch)


def history(
    folder: Path,
    *labels: str,
    jobs: int = 1,
    told: Listener | None = None,
    find: Callable[[], Target] = lambda: TARGET,
) -> History:
    stops = tuple(Stop(Point(label, label), label, find, lambda _target: True) for label in labels)
    options = RunOptions((TRACEMALLOC,), jobs=jobs)
    plan = Plan("release", stops, (scenario("one"),), options, Request(), OwnServers())
    return history_of(plan, Histories(folder), told or Told())


def test_two_points_are_in_work(supervisor: FakeSupervisor, tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=_SOON_S)

    def answer(task: Task) -> Any:
        if not task.instrument:
            both.wait()
        return well_done(task)

    supervisor.answer = answer
    made = history(tmp_path, "1.0", "1.1", jobs=2)
    assert [cell.reason for cell in made.scenarios[0].cells] == ["", ""]


@pytest.mark.parametrize("jobs", [1, 2])
def test_their_processes_are_as_many_as_those_of_one(
    jobs: int, supervisor: FakeSupervisor, tmp_path: Path
) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def answer(task: Task) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return well_done(task)

    supervisor.answer = answer
    history(tmp_path, *(f"1.{number}" for number in range(6)), jobs=jobs)
    assert most == jobs


def test_their_values_are_stored_as_if_they_were_of_one(
    supervisor: FakeSupervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk, and in memory, that has room for one at a time."""
    asked: list[Room] = []

    def room() -> Room:
        asked.append(Room(1 << 50, None))
        return asked[-1]

    monkeypatch.setattr("cachekit_memprobe.measuring.room_here", room)
    history(tmp_path, "1.0", "1.1", "1.2", "1.3", jobs=1)
    assert [done for _, done in supervisor.did] == [STORE, TRACEMALLOC] * 4
    assert len(asked) == 1


def test_points_are_told_in_their_order_whichever_is_done_first(
    supervisor: FakeSupervisor, tmp_path: Path
) -> None:
    second = threading.Event()
    found: list[str] = []

    def find() -> Target:
        found.append("")
        if len(found) == 1:
            second.wait(_SOON_S)
        elif len(found) == 3:
            second.set()
        return TARGET

    told = Told()
    history(tmp_path, "1.0", "1.1", "1.2", told=told, find=find)
    assert told.points == ["1.0", "1.1", "1.2"]


def test_one_that_is_interrupted_ends_all_that_are_in_work(
    supervisor: FakeSupervisor, tmp_path: Path
) -> None:
    begun = threading.Semaphore(0)

    def answer(task: Task) -> Any:
        if not task.instrument and sum(done == STORE for _, done in supervisor.did) > 2:
            begun.release()
            deadline = time.monotonic() + _SOON_S
            while not supervisor.cancelled and time.monotonic() < deadline:
                time.sleep(0.01)
            raise Cancelled
        return well_done(task)

    class Impatient(Told):
        def done(self, point: Point, results: Mapping[str, Result], measured: int) -> None:
            super().done(point, results, measured)
            begun.acquire(timeout=_SOON_S)
            raise KeyboardInterrupt

    supervisor.answer = answer
    told = Impatient()
    with pytest.raises(KeyboardInterrupt):
        history(tmp_path, "1.0", "1.1", "1.2", "1.3", told=told)
    assert supervisor.cancelled
    assert told.points == ["1.0"]
    assert not [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]


def test_what_is_to_be_measured_is_told_first(supervisor: FakeSupervisor, tmp_path: Path) -> None:
    history(tmp_path, "1.0")
    told = Told()
    history(tmp_path, "1.0", "1.1", told=told)
    assert told.lacking == [("1.0", []), ("1.1", ["one"])]
    assert told.points == ["1.0", "1.1"]


def test_a_point_without_a_target_costs_no_other(supervisor: FakeSupervisor, tmp_path: Path) -> None:
    found: list[str] = []

    def find() -> Target:
        found.append("")
        if len(found) == 2:
            raise CouldNotMeasure("it can't be installed")
        return TARGET

    made = history(tmp_path, "1.0", "1.1", "1.2", find=find)
    reasons = [point.reason for point in made.points]
    assert sorted(reasons) == ["", "", "it can't be installed"]
