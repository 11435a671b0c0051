"""All that a process has started, wherever it went: marked when it begins, found and ended when it is over.

A process can leave its group, its session and its parent, and can wipe its environment. What it can't shed is
RLIMIT_LOCKS: no kernel since Linux 2.4 enforces this limit, each process inherits it, through fork and exec,
and nobody but root may raise it again. So each process that is started gets one of its own, a number that
only its descendants have. Nothing else is ever killed here: not what the program starts that this package is
part of, nor another user's. Elsewhere than on Linux nothing is marked, and its group is all that is ended.
"""

import os
import secrets
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

if sys.platform == "linux":
    import resource

_RLIMIT_LOCKS = 10
"""See getrlimit(2). Python has no name for it."""

_ENDING_S = 10.0
_PAUSE_S = 0.002


@dataclass(frozen=True)
class Mark:
    """What all descendants of one process have; ``None`` if it couldn't be marked."""

    number: int | None


class _Numbers:
    """Each lower than the last: a process of a launcher's gets one below the launcher's, which anyone may."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Far from what other runs have, and from what anyone would set.
        self._last = (1 << 40) + secrets.randbits(38) * (1 << 22)

    def next(self) -> int:
        with self._lock:
            self._last -= 1
            return self._last


_NUMBERS = _Numbers()


def mark(pid: int) -> Mark:
    """Mark a child of this process that has just been started, and has started nothing yet."""
    if sys.platform == "linux":
        number = _NUMBERS.next()
        with suppress(OSError, ValueError):
            resource.prlimit(pid, _RLIMIT_LOCKS, (number, number))
            return Mark(number)
    return Mark(None)


def has(pid: int, marked: Mark) -> bool:
    """Whether a process has the mark; ``True`` where nothing can be marked."""
    return marked.number is None or _has(pid, marked.number)


def end(marked: Mark) -> bool:
    """Kill all that have the mark, those that keep forking too, and bury what has come to this process.

    What has come to another one is dead as well, though that may take its time to bury it, or never do: in a
    container its first process may be anything.

    Returns:
        Whether none is left that runs.
    """
    if marked.number is None:
        return True
    deadline = time.monotonic() + _ENDING_S
    while found := [pid for pid in _having(marked.number) if _outlives_its_killing(pid, marked.number)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S if len(found) == 1 else 0)
    return True


def _having(number: int) -> Iterator[int]:
    with suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdecimal() and _has(int(name), number):
                yield int(name)


def _has(pid: int, number: int) -> bool:
    if sys.platform == "linux":
        with suppress(OSError, ValueError):
            return bool(resource.prlimit(pid, _RLIMIT_LOCKS)[1] == number)
    return False


def _outlives_its_killing(pid: int, number: int) -> bool:
    """Kill it, or bury it if it has ended; a number that is used again hits nobody else."""
    with suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            if not _has(pid, number):
                return False
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            has_ended = select.poll()
            has_ended.register(handle, select.POLLIN)
            if not has_ended.poll(0):
                return True
            os.waitpid(pid, os.WNOHANG)
        finally:
            os.close(handle)
    return False
