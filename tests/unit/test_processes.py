import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe.processes import run
from cachekit_memprobe.signals import terminable

_ENV = {"PATH": os.environ.get("PATH", "")}


@pytest.mark.process
def test_tells_how_a_program_ended(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd()); print('oh', file=sys.stderr); sys.exit(3)"
    ended = run([sys.executable, "-c", code], env=_ENV, cwd=tmp_path, timeout_s=60)
    assert (ended.status, ended.stdout, ended.stderr) == (3, f"{tmp_path}\n", "oh\n")


@pytest.mark.process
def test_ends_a_program_and_its_children_when_time_is_up(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(subprocess.TimeoutExpired):
        run(["sh", "-c", "sleep 600 & sleep 600"], env=_ENV, cwd=tmp_path, timeout_s=0.5)
    left = set(psutil.Process().children(recursive=True)) - before
    psutil.wait_procs(left, timeout=30)
    assert not [process for process in left if process.is_running()]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_unwinds_and_is_itself_again_afterwards(signum: signal.Signals) -> None:
    with pytest.raises(SystemExit) as ending, terminable():
        signal.raise_signal(signum)
    assert ending.value.code == 128 + signum
    assert signal.getsignal(signum) is signal.SIG_DFL


def _handler(_signum: int, _frame: object) -> None: ...


@pytest.mark.parametrize("handler", [_handler, signal.SIG_IGN])
def test_a_handler_of_the_program_stays(handler: Callable[[int, object], None] | signal.Handlers) -> None:
    before = signal.signal(signal.SIGHUP, handler)
    try:
        with terminable():
            assert signal.getsignal(signal.SIGHUP) is handler
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_can_use_it_too() -> None:
    entered = []

    def work() -> None:
        with terminable():
            entered.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered
