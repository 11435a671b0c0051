"""A launcher that is forked from this process, for functions that exist nowhere else."""

import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from cachekit_memprobe import offspring, processes
from cachekit_memprobe.child import launcher as child_launcher
from cachekit_memprobe.child import onlookers
from cachekit_memprobe.child.pinning import pin
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay.launcher import Launcher

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextmanager
def own_fork(folder: Path, prepare: Callable[[], None]) -> Iterator[Launcher]:
    """A launcher whose processes have what this one has, until the end.

    It is forked at once: from the thread that calls this, before others of this package's are there.

    Args:
        folder: of its own.
        prepare: is called in it, before any process is forked.

    Raises:
        CouldNotMeasure: a fork can't be handed to this process, but on Linux.
    """
    if sys.platform != "linux":
        raise CouldNotMeasure("a function without a module can only be measured on Linux")
    launcher = _OwnFork(folder, prepare)
    try:
        yield launcher
    finally:
        launcher.close()


class _OwnFork(Launcher):
    """See :func:`own_fork`."""

    def __init__(self, folder: Path, prepare: Callable[[], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # What a request says is laid over the environment as it is, whatever that has.
        self._environment = {}
        self._output = folder / "output.txt"
        self._lock = threading.Lock()
        self._ready, self._refusal = False, ""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._supervisor = os.getpid()
        with theirs, self._output.open("wb") as output:
            self._pid = os.fork()
            if self._pid == 0:
                self._control.close()
                _serve(theirs, output.fileno(), prepare, self._supervisor)
        self._mark = offspring.mark(self._pid)
        self._buried = False

    @property
    def pid(self) -> int:
        return self._pid

    def kill(self) -> None:
        if not self._buried:
            processes.kill_group(self._pid)
            with suppress(ProcessLookupError):  # it may have no group of its own yet
                os.kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        if not self._buried:
            self.kill()
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
            self._buried = True
            offspring.end(self._mark)
            self._control.close()


def _serve(control: socket.socket, output_fd: int, prepare: Callable[[], None], supervisor: int) -> NoReturn:
    """Be the launcher, and end as one: nothing of what this process would do at its end happens here."""
    try:
        os.setsid()
        for signum in _ENDING:
            signal.signal(signum, signal.SIG_DFL)
        child_launcher.die_with(supervisor)
        _have_own_output(output_fd)
        onlookers.turn_off()
        pin()
        prepare()
        child_launcher.freeze()
        child_launcher.serve_forks(control, supervisor)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        os._exit(0)


def _have_own_output(output_fd: int) -> None:
    """Whoever captures the output of this process must not get that of its forks."""
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="replace", closefd=False)
