"""Launchers of real targets: what is imported before a process is forked, which measures all the same."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe import target
from cachekit_memprobe.child import wire
from cachekit_memprobe.child.seen import MemraySeen, RssSeen, TracemallocSeen
from cachekit_memprobe.child.task import READ, STORE, Stored, Task
from cachekit_memprobe.metrics import MEMRAY, RSS, TRACEMALLOC
from cachekit_memprobe.model import RunOptions, Scenario, Target
from cachekit_memprobe.replay.environment import child_environment
from cachekit_memprobe.replay.supervisor import Launch, Supervisor
from cachekit_memprobe.scenario import load_bundled, with_overrides
from tests.process.forking import launchers
from tests.process.measuring import MIB, run_here

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a forked process to its supervisor"),
]


@pytest.fixture(scope="session")
def starts_a_thread() -> Target:
    """A release that starts a thread while it is imported."""
    return target.resolve("0.9.1")


@pytest.fixture(params=["installed", pytest.param("starts_a_thread", marks=pytest.mark.release)])
def any_target(request: pytest.FixtureRequest) -> Target:
    found: Target = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def scenario() -> Scenario:
    return with_overrides(load_bundled("arrow-l1-hit"), size_bytes=MIB)


LaunchOf = Callable[..., Launch]


@pytest.fixture
def launch_of(any_target: Target, scenario: Scenario, tmp_path: Path) -> LaunchOf:
    def made(operation: str, instrument: str = "", **more: object) -> Launch:
        task = Task(operation, scenario.value, scenario.caching, scenario.read, str(tmp_path), instrument)
        folder = tmp_path / (instrument or operation)
        environment = child_environment(scenario, home=folder, pinned=True, counts_pages=False)
        return Launch(
            any_target.python,
            replace(task, **more),  # type: ignore[arg-type]  # fields of a task
            environment,
            folder,
            timeout_s=120,
            fresh=False,
        )

    return made


def has_loaded(process: psutil.Process, library: str) -> bool:
    """Whether a library of a package is mapped: of a release of cachekit its Rust part is."""
    return any(f"/site-packages/{library}/" in entry.path for entry in process.memory_maps())


def test_a_forked_process_reads_what_another_one_has_stored(
    any_target: Target, launch_of: LaunchOf, supervisor: Supervisor, tmp_path: Path
) -> None:
    stored = supervisor.run(launch_of(STORE), Stored)
    assert stored.logical_bytes == pytest.approx(MIB, rel=0.01)
    traced = supervisor.run(launch_of(READ, TRACEMALLOC, stored=stored), TracemallocSeen)
    assert traced.release == any_target.cachekit
    assert traced.stage_calls["unwrap"] == 1
    capture = tmp_path / "memray.bin"
    seen = supervisor.run(launch_of(READ, MEMRAY, stored=stored, capture=str(capture)), MemraySeen)
    assert seen.stage_calls == traced.stage_calls
    assert capture.stat().st_size
    assert len(launchers()) == 1


def test_what_all_would_import_is_imported_but_for_a_target_that_starts_a_thread(
    any_target: Target, launch_of: LaunchOf, supervisor: Supervisor
) -> None:
    stored = supervisor.run(launch_of(STORE), Stored)
    (launcher,) = launchers()
    forked: list[tuple[list[str], bool]] = []

    def look(name: str, pid: int) -> None:
        process = psutil.Process(pid)
        forked.append((process.cmdline(), has_loaded(process, "cachekit")))

    supervisor.run(launch_of(READ, RSS, stored=stored), RssSeen, look)
    assert forked == [(launcher.cmdline(), True)] * 4  # before, after the read, after the drop, settled
    assert launcher.num_threads() == 1
    assert has_loaded(launcher, "pyarrow")
    assert has_loaded(launcher, "pandas")
    with_target = any_target.cachekit != "0.9.1"
    assert has_loaded(launcher, "cachekit") == with_target
    assert ("without-target" in launcher.cmdline()) == (not with_target)


def test_the_barriers_are_met_by_a_forked_process_too(launch_of: LaunchOf, supervisor: Supervisor) -> None:
    stored = supervisor.run(launch_of(STORE), Stored)
    met: list[str] = []
    task = launch_of(READ, RSS, stored=stored, reads=2)
    supervisor.run(task, RssSeen, lambda name, _pid: met.append(name))
    assert met == [wire.BEFORE_READ, wire.AFTER_READ, wire.AFTER_DROP, wire.SETTLED] * 2


def test_a_run_whose_launcher_was_killed_goes_on(
    installed: Target, scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first scenario's process for memray is not forked any more; the second scenario is measured."""
    store = Supervisor.run

    def run(self: Supervisor, launch: Launch, kind: type[object], on_barrier: object = None) -> object:
        if launch.task.instrument == MEMRAY and launch.task.workspace.endswith("one"):
            for launcher in launchers():
                launcher.kill()
        return store(self, launch, kind, on_barrier)  # type: ignore[arg-type]

    monkeypatch.setattr(Supervisor, "run", run)
    # Without a budget: of so small a value an arena of Python's is much.
    scenarios = [replace(scenario, name=name, budget=()) for name in ("one", "two", "three")]
    options = RunOptions((MEMRAY,), jobs=1, isolation="fork")
    one, *others = run_here(installed, scenarios, tmp_path / "run", options).results
    assert str(one.reason).startswith("the launcher of measured processes ended")
    assert [(result.verdict, result.reason) for result in others] == [("pass", None)] * 2
