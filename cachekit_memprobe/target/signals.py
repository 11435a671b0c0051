"""SIGTERM made to clean up as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def terminable() -> Iterator[None]:
    """Inside, SIGTERM raises ``SystemExit`` in the main thread, so that half-made things are removed.

    A handler that the program has set itself is left alone, and so is a program that calls this from
    another thread, where a handler can't be set.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unwind(signum: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)
