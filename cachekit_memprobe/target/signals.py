"""SIGTERM made to clean up as Ctrl-C does, and both made to let that be finished."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

_PATIENCE_S = 10.0
"""How long cleaning up may take before another signal cuts it short."""

_USUAL: Mapping[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}


@contextmanager
def terminable() -> Iterator[None]:
    """Inside, SIGTERM raises ``SystemExit`` in the main thread, so that half-made things are removed.

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
            signal.signal(signum, _USUAL[signum])


class _Unwind:
    """A handler that raises, and then holds still for a while."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, signum: int, _frame: FrameType | None) -> None:
        if time.monotonic() < self._quiet_until:
            return
        self._quiet_until = time.monotonic() + _PATIENCE_S
        if signum == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + signum)
