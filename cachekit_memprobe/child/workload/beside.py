"""What works on after a read has returned: threads and timers, work of executors, an event loop's tasks.

A read's figures are its own only if nothing of an earlier one still runs beside it, and what it started
itself isn't measured until that has ended. So it is waited for, as long as there is something to wait for: a
timer that hasn't come yet, an executor's thread that hasn't gone back to its queue, a thread that uses the
CPU. A thread that only rests is given some time, and then is taken for one that always does: a heartbeat.
"""

import concurrent.futures.thread as executors
import sys
import threading
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cachekit_memprobe.child import started
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.workload.callers import Caller

LONGEST_S = 5.0
"""For what is known to have something left to do. What takes longer can't be measured."""

PATIENCE_S = 2.0
"""For a thread that rests, and may yet do something."""

AT_ONCE_S = 0.02
"""The same, where it matters little what it does: after a small value was read."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.0005, 0.02
_WORKING = 0.1
"""The share of the time that a thread which works uses the CPU for, and one that only rests doesn't."""

_Stack = tuple[tuple[types.CodeType, int], ...]


@dataclass(frozen=True)
class _Left:
    """Something that isn't done yet.

    Attributes:
        name: for a reader.
        due: it certainly has something left to do.
        is_new: it wasn't there before the read.
        place: where it was started, as a reader reads it; empty if that isn't known.
    """

    name: str
    due: bool
    place: str = ""
    is_new: bool = True

    def __str__(self) -> str:
        return f"{self.name}, started at {self.place}" if self.place else self.name


class Beside:
    """Waits for what was started since :meth:`note`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._rested_s: dict[int, tuple[float, float]] = {}
        self.note()

    def note(self) -> None:
        """From now on all that is started is the read's. What runs already isn't, unless it gets new work."""
        started.forget()
        self._let_workers_rest()
        self._threads = {thread.ident: thread for thread in threading.enumerate()}
        before = _stacks()
        time.sleep(_FIRST_PAUSE_S)
        after = _stacks()
        self._resting = {ident: stack for ident, stack in before.items() if after.get(ident) == stack}
        self._restless = set(before) - set(self._resting)
        self._pending_before = set(self._caller.pending())
        self._timers: set[threading.Thread] = set()
        self._came: set[str] = set()

    def _let_workers_rest(self) -> None:
        """One hands out a result before it goes back to its queue."""
        end = time.monotonic() + _LONGEST_PAUSE_S
        while busy := {ident for ident in _workers() if not _is_idle(ident)}:
            if time.monotonic() > end:
                break
            time.sleep(_FIRST_PAUSE_S)
        self._busy_before = busy

    def wait(self, patience_s: float = PATIENCE_S) -> tuple[str, ...]:
        """Until it has ended, or only rests.

        Returns:
            The names of what only rests, and may do so for ever.

        Raises:
            CouldNotMeasure: it has something left to do, and takes too long.
        """
        begin, pause_s = time.monotonic(), _FIRST_PAUSE_S
        # Whoever was just given work gets to begin with it.
        self._caller.turn(pause_s)
        while left := tuple(self._left()):
            due = [entry for entry in left if entry.due]
            waited_s = time.monotonic() - begin
            if due and waited_s >= LONGEST_S:
                raise CouldNotMeasure(
                    f"what the read started is not done {LONGEST_S:g} s after it has returned, and may still "
                    f"take memory that no figure would show: {due[0]}"
                )
            if not due and waited_s >= patience_s:
                return tuple(str(entry) for entry in left if entry.is_new)
            self._caller.turn(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        return ()

    def _left(self) -> Iterator[_Left]:
        yield from self._threads_left()
        for name, due_s in self._caller.pending().items():
            if name not in self._pending_before:
                yield _Left(name, due=due_s is not None)

    def _threads_left(self) -> Iterator[_Left]:
        known = {thread.ident: thread for thread in threading.enumerate()}
        ours = (threading.get_ident(), threading.main_thread().ident)
        for ident, stack in _stacks().items():
            if ident not in ours and self._is_left(ident, known.get(ident), stack):
                yield self._named(known.get(ident), due=self._is_due(ident, known.get(ident)))
        timers = {thread for thread in known.values() if _is_timer(thread)}
        self._came |= {_function_of(thread) for thread in self._timers - timers}
        self._timers = timers

    def _is_left(self, ident: int, thread: threading.Thread | None, stack: _Stack) -> bool:
        if ident in _workers():
            return not _is_idle(ident) and ident not in self._busy_before
        is_old = self._threads.get(ident) is thread and (thread is not None or ident in self._resting)
        if not is_old or ident in self._restless:
            return not is_old
        return stack != self._resting[ident] or (thread is not None and _is_runnable(thread))

    def _is_due(self, ident: int, thread: threading.Thread | None) -> bool:
        if thread is not None and _is_timer(thread):
            # One that sets itself again, as a heartbeat's, has shown what it does.
            return _function_of(thread) not in self._came
        return ident in _workers() or self._works(thread)

    def _named(self, thread: threading.Thread | None, *, due: bool) -> _Left:
        if thread is None:
            return _Left("a thread", due)
        is_new = self._threads.get(thread.ident) is not thread
        place = started.place_of(thread)
        where = f"{started.relative(place.file)}:{place.line}" if place is not None and place.file else ""
        kind = "timer" if isinstance(thread, threading.Timer) else "thread"
        return _Left(f"the {kind} {thread.name}{_work_of(thread)}", due, where, is_new)

    def _works(self, thread: threading.Thread | None) -> bool:
        """Whether it has used the CPU since it was last asked for."""
        number = None if thread is None else thread.native_id
        used_s = None if number is None else _cpu_s(number)
        if number is None or used_s is None:
            return False
        now_s = time.monotonic()
        before_s, used_before_s = self._rested_s.get(number, (now_s, used_s))
        self._rested_s[number] = now_s, used_s
        return now_s > before_s and (used_s - used_before_s) / (now_s - before_s) >= _WORKING


def _workers() -> set[int]:
    """The threads of executors. That of one which has ended may be another's by now."""
    return {thread.ident for thread in list(_queues()) if thread.ident is not None and thread.is_alive()}


def _queues() -> Any:
    """The queue of each executor's thread."""
    return getattr(executors, "_threads_queues", {})


def _stacks() -> dict[int, _Stack]:
    """Where each thread is, by its identifier."""
    return {ident: tuple(_steps(frame)) for ident, frame in sys._current_frames().items()}


def _steps(frame: types.FrameType | None) -> Iterator[tuple[types.CodeType, int]]:
    while frame is not None:
        yield frame.f_code, frame.f_lasti
        frame = frame.f_back


def _is_idle(ident: int) -> bool:
    """Whether an executor's thread waits at its queue, and there is nothing in it."""
    frame = sys._current_frames().get(ident)
    if frame is None:
        return True
    queues = list(_queues().items())
    queue = next((queue for thread, queue in queues if thread.ident == ident and thread.is_alive()), None)
    at_its_queue = frame.f_code is executors._worker.__code__
    return at_its_queue and (queue is None or queue.empty())


def _is_timer(thread: threading.Thread) -> bool:
    """Whether it is one that hasn't come yet."""
    return isinstance(thread, threading.Timer) and not thread.finished.is_set()


def _work_of(thread: threading.Thread) -> str:
    """Where the function stands that a thread runs, if it is a Python one and still known."""
    function = getattr(thread, "function", None) or getattr(thread, "_target", None)
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    return f", which runs {code.co_name} at {started.relative(code.co_filename)}:{code.co_firstlineno}"


def _function_of(thread: threading.Thread) -> str:
    function: Any = getattr(thread, "function", None)
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', function)}"


def _is_runnable(thread: threading.Thread) -> bool:
    """Whether it has been woken and only waits for a CPU; its stack is still that of its rest then."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "R"
    except (OSError, IndexError):
        return False


def _cpu_s(native_id: int) -> float | None:
    """What a thread has used of the CPU; ``None`` where the system doesn't tell."""
    try:
        with open(f"/proc/self/task/{native_id}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return None
