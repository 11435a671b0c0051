"""A terminal that is closed or given up in the middle of a run; and a run that was told not to mind."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.measuring import finish, processes_of, start_cli
from tests.process.serving import needs_linux

pytestmark = [pytest.mark.process, needs_linux]

_PATIENCE_S = 60
_RUN = ("run", "redis-l2-hit", "--size", "8MiB", "--instrument", "rss", "--reads", "2")


@pytest.mark.parametrize("name", ["SIGHUP", "SIGQUIT"])
def test_a_run_ends_as_it_does_by_sigterm(name: str, tmp_path: Path) -> None:
    temporary = _temporary(tmp_path)
    run = start_cli(*_RUN, "--out", str(tmp_path / "run"), TMPDIR=str(temporary))
    _wait_until(lambda: _is_measuring(temporary))
    run.send_signal(signal.Signals[name])
    ended = finish(run, _PATIENCE_S)
    assert ended.status == 128 + signal.Signals[name]
    assert ended.stderr == f"error: ended by {name}; there is no verdict\n"
    assert processes_of(temporary) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("ignoring", [False, True], ids=["ends", "goes on"])
def test_the_terminal_is_closed(ignoring: bool, tmp_path: Path) -> None:
    """Whatever is written to it fails from then on: neither a traceback nor a file is left by that."""
    temporary, crash = _temporary(tmp_path), tmp_path / "crash"
    with _ignoring_hang_ups() if ignoring else contextlib.nullcontext():
        run, terminal = _run_in_a_terminal(tmp_path, temporary, crash)
    with run:
        _wait_until(lambda: _is_measuring(temporary))
        os.close(terminal)  # the kernel sends SIGHUP
        status = run.wait(_PATIENCE_S)
    left = (crash.read_text(), processes_of(temporary), list(temporary.iterdir()))
    assert (status, *left) == (141 if ignoring else 129, "", [], [])
    assert (tmp_path / "run/report.json").exists() == ignoring


def _run_in_a_terminal(folder: Path, temporary: Path, crash: Path) -> "tuple[subprocess.Popen[bytes], int]":
    """A run with a terminal of its own; ``crash`` gets what Python says where nobody could read it."""
    terminal, inside = pty.openpty()
    code = f"""
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
crash = open({str(crash)!r}, "w")
def told(*what): print(*what, file=crash, flush=True)
sys.excepthook = sys.unraisablehook = told
sys.argv[0] = "cachekit-memprobe"
from cachekit_memprobe.__main__ import main
main()
"""
    environment = {**os.environ, "TMPDIR": str(temporary), "TERM": "xterm"}
    run = subprocess.Popen(
        [sys.executable, "-c", code, *_RUN, "--out", str(folder / "run")],
        env=environment,
        stdin=inside,
        stdout=inside,
        stderr=inside,
    )
    os.close(inside)
    return run, terminal


@contextmanager
def _ignoring_hang_ups() -> Iterator[None]:
    """What is started inside does, as under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _temporary(folder: Path) -> Path:
    temporary = folder / "tmp"
    temporary.mkdir()
    return temporary


def _is_measuring(temporary: Path) -> bool:
    return any(temporary.glob("cachekit-memprobe-*/replays/*/rss-1/output.txt"))


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)
