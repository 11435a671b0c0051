"""What every test gets: a home of its own, and proof that it leaves nothing behind."""

import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pytest

CACHE_VARIABLE = "CACHEKIT_MEMPROBE_CACHE_DIR"
_ENDING_S = 2.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Home:
    """The folders that a test session uses in place of the user's.

    Attributes:
        cache: environments of cachekit releases; they outlive a session that was given the folder.
        state: run folders and whatever else the tool remembers.
        temp: the temporary directory of the tests and of every process that they start.
    """

    cache: Path
    state: Path
    temp: Path


def pytest_configure(config: pytest.Config) -> None:
    """Workers that share the tests share the environments as well, which take longest to make."""
    works_for_others = hasattr(config, "workerinput")
    if works_for_others or not config.getoption("numprocesses", None) or os.environ.get(CACHE_VARIABLE):
        return
    shared = tempfile.mkdtemp(prefix="memprobe-tests-cache-")
    os.environ[CACHE_VARIABLE] = shared
    config.add_cleanup(partial(shutil.rmtree, shared))


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A background job ignores SIGINT, one under nohup SIGHUP, and so would all processes of the tests."""
    for signum in _ENDING:
        if signal.getsignal(signum) is signal.SIG_IGN:
            usual = signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL
            signal.signal(signum, usual)


@pytest.fixture(autouse=True)
def same_signal_handlers() -> Iterator[None]:
    """A command that a signal has ended ignores them all from then on; one that is called here must not."""
    handlers = {signum: signal.getsignal(signum) for signum in _ENDING}
    yield
    for signum, handler in handlers.items():
        signal.signal(signum, handler)


@pytest.fixture(scope="session", autouse=True)
def isolated_home() -> Iterator[Home]:
    """Keep the tool out of the user's folders, and its temporary files apart from anyone else's.

    Making a release's environment takes seconds, so all test modules share one cache. Set
    ``CACHEKIT_MEMPROBE_CACHE_DIR`` to share it between sessions too.
    """
    root = Path(tempfile.mkdtemp(prefix="memprobe-tests-")).resolve()
    home = Home(Path(os.environ.get(CACHE_VARIABLE) or root / "cache"), root / "state", root / "tmp")
    for folder in (home.cache, home.state, home.temp):
        folder.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(home.cache))
        patch.setenv("XDG_STATE_HOME", str(home.state))
        patch.setenv("TMPDIR", str(home.temp))
        patch.setattr(tempfile, "tempdir", None)  # gettempdir() reads TMPDIR once and remembers it
        yield home
    shutil.rmtree(root)


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest, isolated_home: Home) -> Iterator[None]:
    """Fail a test that changes the environment or the working directory, or leaves files or processes."""
    starts_processes = request.node.get_closest_marker("process") is not None
    environment, folder = _environment(), Path.cwd()
    files = _our_files(isolated_home.temp)
    processes = _adopt_orphans() if starts_processes else set()
    yield
    leaks = [
        *_restore_environment(environment),
        *_restore_folder(folder),
        *_remove_files(_our_files(isolated_home.temp) - files),
        *(_end_processes(processes) if starts_processes else ()),
    ]
    if leaks:
        pytest.fail("the test left something behind:\n" + "\n".join(leaks), pytrace=False)


def _environment() -> dict[str, str]:
    """The environment without pytest's own note of where it is."""
    return {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def _restore_environment(before: dict[str, str]) -> list[str]:
    after = _environment()
    changed = sorted(name for name in before.keys() | after if before.get(name) != after.get(name))
    for name in changed:
        if name in before:
            os.environ[name] = before[name]
        else:
            del os.environ[name]
    return [f"environment variable {name}" for name in changed]


def _restore_folder(before: Path) -> list[str]:
    try:
        after = Path.cwd()
    except FileNotFoundError:
        after = Path()
    os.chdir(before)
    return [] if after == before else [f"working directory {after}"]


def _our_files(temp: Path) -> set[Path]:
    return set(temp.glob("cachekit-memprobe-*"))


def _remove_files(left: set[Path]) -> list[str]:
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return [f"temporary file {path.name}" for path in sorted(left)]


def _adopt_orphans() -> set[psutil.Process]:
    """Have the kernel hand us the children of children that end, so that none of them gets lost."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return set(psutil.Process().children(recursive=True))


def _end_processes(before: set[psutil.Process]) -> list[str]:
    """Wait for the processes that have come since, and kill those that don't end."""
    come = set(psutil.Process().children(recursive=True)) - before
    commands = {process: _command(process) for process in come}
    # Ended orphans are ours to bury, and a killed process needs a moment to give its memory back.
    _, running = psutil.wait_procs(come, timeout=_ENDING_S)
    for process in running:
        process.kill()
    psutil.wait_procs(running)
    return [f"process {process.pid}: {commands[process]}" for process in running]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "already gone"
