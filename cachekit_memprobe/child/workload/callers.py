"""How the decorated function is called: once, by several threads at once, or on an event loop.

Threads and loop exist before any window opens, so that a read doesn't pay for their start.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from cachekit_memprobe.child.task import Read

Function = Callable[[str], Any]
Action = Callable[[], None]


class Caller:
    """Calls the function once for each argument."""

    def call(self, function: Function, arguments: Sequence[str]) -> list[Any]:
        """The results, in the order of the arguments."""
        return [function(argument) for argument in arguments]

    def on_other_threads(self, action: Action) -> None:
        """Run an action once on each thread but this one that a call may use."""

    def close(self) -> None:
        """End what the calls ran on; a measured process ends with it instead."""

    def pending(self) -> dict[str, float | None]:
        """What this thread has been given to do later, and in how many seconds, if that is known."""
        return {}

    def turn(self, pause_s: float) -> None:
        """Let others work for a while, this thread's own work for later included."""
        time.sleep(pause_s)


class ThreadsCaller(Caller):
    """Calls the function at the same time on as many threads as there are arguments."""

    def __init__(self, readers: int) -> None:
        self._crew = _Crew(readers)

    def call(self, function: Function, arguments: Sequence[str]) -> list[Any]:
        return self._crew.run([partial(function, argument) for argument in arguments])

    def on_other_threads(self, action: Action) -> None:
        self._crew.run_everywhere(action)


class LoopCaller(Caller):
    """Calls a coroutine function on an event loop in this thread, several calls as tasks of it.

    cachekit hands a backend's blocking work to the loop's executor, whose threads are these.
    """

    def __init__(self, readers: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._crew = _Crew(readers + 1)
        self._loop.set_default_executor(self._crew.executor)

    def call(self, function: Function, arguments: Sequence[str]) -> list[Any]:
        if len(arguments) == 1:
            return [self._loop.run_until_complete(function(arguments[0]))]
        return self._loop.run_until_complete(_gather(function, arguments))

    def on_other_threads(self, action: Action) -> None:
        self._crew.run_everywhere(action)

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def pending(self) -> dict[str, float | None]:
        """A task may never end; a callback is due at its time. asyncio's own belong to a task."""
        found: dict[str, float | None] = {
            f"the task {task.get_name()}": None for task in asyncio.all_tasks(self._loop)
        }
        timers: Sequence[Any] = getattr(self._loop, "_scheduled", ())
        ready: Sequence[Any] = getattr(self._loop, "_ready", ())
        for handle in (*timers, *ready):
            callback = handle._callback
            # Of a builtin's method, the module is None.
            belongs_to_a_task = str(getattr(callback, "__module__", "")).startswith("asyncio.")
            if not handle.cancelled() and not belongs_to_a_task:
                name = getattr(callback, "__qualname__", repr(callback))
                due = handle.when() if isinstance(handle, asyncio.TimerHandle) else 0.0
                found[f"the callback {name} {id(handle):x}"] = max(0.0, due - self._loop.time())
        return found

    def turn(self, pause_s: float) -> None:
        if self.pending():
            self._loop.run_until_complete(asyncio.sleep(pause_s))
        else:
            # A loop takes memory for itself, and would be booked as what the read started.
            super().turn(pause_s)


async def _gather(function: Function, arguments: Sequence[str]) -> list[Any]:
    return await asyncio.gather(*(function(argument) for argument in arguments))


class _Crew:
    """Threads that are all there, and start their work together."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.executor = ThreadPoolExecutor(max_workers=size, thread_name_prefix="reader")
        self.run_everywhere(lambda: None)

    def run(self, works: Sequence[Callable[[], Any]]) -> list[Any]:
        """Each work on a thread of its own, none before all threads are ready."""
        together = threading.Barrier(len(works))

        def start(work: Callable[[], Any]) -> Any:
            together.wait()
            return work()

        return [done.result() for done in [self.executor.submit(start, work) for work in works]]

    def run_everywhere(self, action: Action) -> None:
        self.run([action] * self._size)


def caller_for(read: Read) -> Caller:
    """The caller that a scenario's read asks for."""
    if read.asynchronous:
        return LoopCaller(read.readers)
    return ThreadsCaller(read.readers) if read.readers > 1 else Caller()
