"""What a read starts, and for which stage: threads, timers, work for an executor, callbacks of a loop.

Since 3.12, Python says when a thread is started (https://docs.python.org/3/library/audit_events.html);
before, :meth:`threading.Thread.start` has to. Work for an executor or a loop is heard of by the tracer, on
the threads that it follows.
"""

import sys
import threading
import types
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from cachekit_memprobe.child.stages import OTHER, Place

STAGE: ContextVar[str] = ContextVar("stage", default=OTHER)
"""The stage that is open, as a task or a worker thread inherits it that goes on with the work of another."""

_THREAD_EVENTS = frozenset({"_thread.start_new_thread", "_thread.start_joinable_thread"})
_threads: "WeakKeyDictionary[threading.Thread, Place]" = WeakKeyDictionary()
_places: list[Place] = []
_package: list[str] = []


def listen(package: str) -> None:
    """Hear of threads from now on, for good, in whatever process: an audit hook can't be removed.

    Args:
        package: the folder of the target's code, whose innermost line is said to have started a thread.
    """
    if not _package:
        _package.append(f"{package}/")
        if sys.version_info >= (3, 12):
            sys.addaudithook(_heard)
        else:
            setattr(threading.Thread, "start", _heard_starting(threading.Thread.start))  # noqa: B010


def forget() -> None:
    """A read begins: what was started before is not its doing."""
    _places.clear()


def places() -> tuple[Place, ...]:
    """Where the read has started something so far; each place once, in order."""
    return tuple(dict.fromkeys(_places))


def place_of(thread: threading.Thread) -> Place | None:
    """Where a thread was started; ``None`` if that was before anyone listened."""
    return _threads.get(thread)


def current_start() -> Place | None:
    """Where the calling thread was started."""
    # Not current_thread(), which makes an object for a thread that has none.
    thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
    return None if thread is None else _threads.get(thread)


def note(frame: types.FrameType | None) -> Place:
    """Remember that something is being started, by the innermost line of the target's on this stack."""
    prefix = _package[0] if _package else ""
    while frame is not None and not frame.f_code.co_filename.startswith(prefix):
        frame = frame.f_back
    if frame is None or not prefix:
        place = Place(STAGE.get())
    else:
        place = Place(STAGE.get(), frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno)
    _places.append(place)
    return place


def relative(file: str) -> str:
    """A file of the target's as reports name it: ``cachekit/l1_cache.py``."""
    return file.removeprefix(str(Path(_package[0]).parent) + "/") if _package else file


def _heard(event: str, args: tuple[Any, ...]) -> None:
    if event in _THREAD_EVENTS:
        place = note(sys._getframe(1))
        thread = getattr(args[0], "__self__", None)
        if isinstance(thread, threading.Thread):
            _threads[thread] = place


def _heard_starting(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def start_and_tell(thread: threading.Thread) -> None:
        _threads[thread] = note(sys._getframe(1))
        start(thread)

    return start_and_tell
