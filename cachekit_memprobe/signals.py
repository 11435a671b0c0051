"""Signals that ask a program to end, made to clean up as Ctrl-C does, and all to let that be finished."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cachekit_memprobe.errors import EXIT_HUNG_UP, EXIT_QUIT, EXIT_TERMINATED

_PATIENCE_S = 10.0
"""How long cleaning up may take before another signal cuts it short."""

_CODES: Mapping[signal.Signals, int] = {
    signal.SIGTERM: EXIT_TERMINATED,
    signal.SIGHUP: EXIT_HUNG_UP,
    signal.SIGQUIT: EXIT_QUIT,
}
_USUAL: Mapping[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    **dict.fromkeys(_CODES, signal.SIG_DFL),
}
"""One that is ignored stays so: SIGHUP is under nohup, SIGINT in a shell's background."""


class Terminated(SystemExit):
    """A signal asked the program to end; with that signal's exit code."""

    def __init__(self, signum: int) -> None:
        super().__init__(_CODES[signal.Signals(signum)])
        self.name = signal.Signals(signum).name


@contextmanager
def terminable() -> Iterator[None]:
    """Inside, such a signal raises :class:`Terminated` in the main thread, so that all is cleaned up.

    Further signals wait until that is done: who presses Ctrl-C twice doesn't mean to leave half of it
    behind. A handler that the program has set itself is left alone, and so is a program that calls this
    from another thread, where a handler can't be set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    replaced = [signum for signum, handler in _USUAL.items() if signal.getsignal(signum) is handler]
    unwind = _Unwind()
    for signum in replaced:
        signal.signal(signum, unwind)
    try:
        yield
    finally:
        for signum in replaced:
            if signal.getsignal(signum) is unwind:  # and not what was to be ignored meanwhile
                signal.signal(signum, _USUAL[signum])


@contextmanager
def undisturbed() -> Iterator[Callable[[], None]]:
    """Inside, such a signal waits, so that what has just been begun is known to somebody who can end it.

    Yields what lets it through, to be called when that is so; otherwise it comes at the end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    _HELD.begin()
    try:
        yield _HELD.end
    finally:
        _HELD.end()


def ignore_further() -> None:
    """All is cleaned up: one more signal would only kill the ending interpreter, with another status."""
    if threading.current_thread() is threading.main_thread():
        for signum in _USUAL:
            signal.signal(signum, signal.SIG_IGN)


class _Held:
    """Whether a signal has to wait, and the one that does."""

    def __init__(self) -> None:
        self.is_on = False
        self.waiting: int | None = None

    def begin(self) -> None:
        self.is_on = True

    def end(self) -> None:
        self.is_on = False
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            signal.raise_signal(waiting)


_HELD = _Held()


class _Unwind:
    """A handler that raises, and then holds still for a while."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, signum: int, _frame: FrameType | None) -> None:
        if time.monotonic() < self._quiet_until:
            return
        if _HELD.is_on:
            _HELD.waiting = signum
            return
        self._quiet_until = time.monotonic() + _PATIENCE_S
        if signum == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated(signum)
