"""Follow a read through the stages, by watching the code objects of the stage map.

``sys.settrace`` calls back when a watched function is entered, left, or reaches a line that belongs to
another stage. Nothing of the target is patched, so the read runs the code that a user's read runs;
and the tracer's own frames are invisible to memray, which sees the traced function at its line.

Each thread has a stack of places, the innermost last. An L1 hit of an Arrow frame, for example::

    sync_wrapper              called    [outside, stats]
      L1Cache.get             called    [outside, stats, l1_get]
                              returned  [outside, stats]
      deserialize_data        called    [outside, stats, decode]
        unwrap_metadata       called    [outside, stats, decode, unwrap]
                              returned  [outside, stats, decode]
        ArrowSerializer.deserialize     [outside, stats, decode, decode]
          line 496, to_pandas: a site   [outside, stats, decode, materialize]   replaced, not pushed
          line 498                      [outside, stats, decode, decode]
                              returned  [outside, stats, decode]

What ``to_pandas`` calls isn't watched, so that all it allocates is materialize's. A site is a place of its
own in the frame that is there already: it takes the top of the stack, and gives it back at the next line
that isn't one.
"""

import asyncio
import dis
import inspect
import sys
import threading
import types
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from cachekit_memprobe.child import started
from cachekit_memprobe.child.resolve import Watched
from cachekit_memprobe.child.stages import OTHER, OUTSIDE, Place
from cachekit_memprobe.child.started import STAGE

_HANDS_OUT_WORK = frozenset(
    function.__code__
    for function in (
        ThreadPoolExecutor.submit,
        asyncio.BaseEventLoop.create_task,
        asyncio.BaseEventLoop.call_later,
        asyncio.BaseEventLoop.call_at,
    )
)
"""What a read may leave work with. Threads are heard of by :mod:`.started` itself."""

_MOST_CALLS = 1000
"""After as many calls a helper is called for each small part of the value; its caller is followed on."""


class Listener:
    """What a probe hears; the defaults ignore it.

    ``wants_lines`` asks for :meth:`line` on every line, and for cachekit's other functions as well as
    the watched ones: a helper belongs to the stage that called it.
    """

    wants_lines = False

    def moved(self, before: Place, after: Place, *, entered: bool) -> None:
        """The thread's position changed: it entered a stage, or came back to the enclosing one.

        ``after`` is :data:`OUTSIDE` when it left the last stage. A coroutine that waits leaves its stage,
        and comes back without entering it.
        """

    def line(self, frame: types.FrameType, position: Place) -> None:
        """A watched function is about to run ``frame.f_lineno``."""

    def called(self, frame: types.FrameType, enclosing: Place) -> None:
        """A watched function was entered from ``enclosing``; its arguments are its locals."""

    def resumed(self, frame: types.FrameType) -> None:
        """A watched coroutine or generator goes on where it had stopped."""

    def returned(self, frame: types.FrameType, position: Place, value: Any) -> None:
        """A watched function is about to return ``value``; to wait, or to yield, is not to return."""

    def over(self) -> None:
        """The read has returned; what comes now is its aftermath: what it started, and is not done yet."""


class StageTracer:
    """Feeds a listener between :meth:`start` and :meth:`stop`, on every thread started since.

    A thread that runs already, as an executor's that waits for work, takes part once it has called
    :meth:`join` itself. What runs on another thread for a stage, and is no stage of its own, belongs to it:
    to the stage whose context it inherited, or else, if it is code of the target's, to the one that is open
    on the thread that called :meth:`start`.
    """

    def __init__(self, watched: Mapping[types.CodeType, Watched], listener: Listener, package: str) -> None:
        """``package`` is the folder of the target's code, whose helpers a listener may want to see."""
        self._watched = watched
        self._listener = listener
        self._package = f"{package}/"
        self._local = threading.local()
        self._home: list[Place] = []
        self._is_over = False
        self._helper_calls: dict[types.CodeType, int] = {}
        for code in watched:
            _first_instruction(code)  # outside of any window

    @property
    def watched(self) -> tuple[Watched, ...]:
        """The functions of the map that the target has."""
        return tuple(self._watched.values())

    def start(self) -> None:
        self._home = self._stack()
        self._is_over = False
        threading.settrace(self._enter)
        self.join()

    def over(self) -> None:
        """The read has returned; what it started is followed until :meth:`stop`, a loop's tasks too."""
        self._is_over = True
        self._listener.over()

    def stop(self) -> None:
        self.leave()
        threading.settrace(None)

    def join(self) -> None:
        """Follow the calling thread too."""
        sys.settrace(self._enter)

    def leave(self) -> None:
        """Follow the calling thread no longer."""
        sys.settrace(None)

    def _stack(self) -> list[Place]:
        try:
            stack: list[Place] = self._local.stack
        except AttributeError:
            stack = self._local.stack = [OUTSIDE]
        return stack

    def _enter(self, frame: types.FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        stack = self._stack()
        watched = self._watched.get(frame.f_code)
        if frame.f_code in _HANDS_OUT_WORK and not self._is_over:
            started.note(frame.f_back)
        # On the thread that called start(), what isn't watched is the caller's. On another one it may be an
        # errand: Python code that a stage had it run, and that nothing on its own stack says the stage of.
        at_home = stack is self._home and not self._is_over
        errand = None if watched or at_home else self._errand(frame.f_code, stack[-1])
        watched = watched or errand or self._helper(frame.f_code)
        if watched is None:
            return None
        enclosing = stack[-1]
        own = Place(watched.stage or enclosing.stage, watched.function, watched.file, watched.line)
        stack.append(own)
        frame.f_trace_lines = self._listener.wants_lines or bool(watched.sites)
        # Neither a coroutine that goes on after an await, nor a thread that takes over, enters the stage
        # again: calls are counted to tell whether a read has passed a stage, and how often.
        resumed = _is_resumed(frame)
        handed_on = enclosing is OUTSIDE and STAGE.get() == own.stage
        STAGE.set(own.stage)
        self._listener.moved(enclosing, own, entered=not (resumed or handed_on or errand))
        if resumed:
            self._listener.resumed(frame)
        else:
            self._listener.called(frame, enclosing)
        return self._inside(watched, own, stack)

    def _errand(self, code: types.CodeType, position: Place) -> Watched | None:
        """What a stage has another thread do for it; ``None`` for anything else that a thread does."""
        if position is not OUTSIDE:
            return None
        stage, start = STAGE.get(), started.current_start()
        if start is not None and start.stage != OTHER and stage == OTHER:
            # A thread that the read started: it may work when the stage is long over, and with no code of
            # the target's.
            own = code.co_filename.startswith(self._package) or not start.file
            where = (code.co_name, code.co_filename, code.co_firstlineno)
            return Watched(start.stage, *(where if own else (start.function, start.file, start.line)))
        if stage == OTHER and code.co_filename.startswith(self._package) and self._home:
            stage = self._home[-1].stage
        if stage == OTHER:
            return None
        return Watched(stage, code.co_name, code.co_filename, code.co_firstlineno)

    def _helper(self, code: types.CodeType) -> Watched | None:
        if not self._listener.wants_lines or not code.co_filename.startswith(self._package):
            return None
        calls = self._helper_calls[code] = self._helper_calls.get(code, 0) + 1
        if calls > _MOST_CALLS:
            return None
        return Watched("", code.co_name, code.co_filename, code.co_firstlineno)

    def _inside(self, watched: Watched, own: Place, stack: list[Place]) -> Callable[..., Any]:
        def local(frame: types.FrameType, event: str, arg: Any) -> Callable[..., Any]:
            if event == "line":
                self._on_line(frame, watched, own, stack)
            elif event == "return":
                left = stack[-1]
                if not _is_suspended(frame):
                    self._listener.returned(frame, left, arg)
                stack.pop()
                STAGE.set(stack[-1].stage)
                self._listener.moved(left, stack[-1], entered=False)
            return local

        return local

    def _on_line(self, frame: types.FrameType, watched: Watched, own: Place, stack: list[Place]) -> None:
        before = stack[-1]
        if self._listener.wants_lines:
            self._listener.line(frame, before)
        stage = watched.sites.get(frame.f_lineno)
        start = watched.starts.get(frame.f_lineno, frame.f_lineno)
        if stage is None:
            after = own
        elif before.stage == stage and before is not own and before.line == start:
            after = before
        else:
            after = Place(stage, watched.function, watched.file, start)
        if after != before:
            stack[-1] = after
            self._listener.moved(before, after, entered=stage is not None)


_RESUMABLE = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def _is_resumed(frame: types.FrameType) -> bool:
    """Whether a frame that calls back as entered is a coroutine's that goes on after an ``await``."""
    return bool(frame.f_code.co_flags & _RESUMABLE) and frame.f_lasti > _first_instruction(frame.f_code)


_SUSPENDING = frozenset(
    dis.opmap[name] for name in ("YIELD_VALUE", "YIELD_FROM", "SEND") if name in dis.opmap
)


def _is_suspended(frame: types.FrameType) -> bool:
    """Whether a frame that calls back as returning only waits or yields.

    Up to Python 3.10 one that waits stands before the instruction that it will go on with.
    """
    if not frame.f_code.co_flags & _RESUMABLE:
        return False
    code, at = frame.f_code.co_code, frame.f_lasti
    before = sys.version_info < (3, 11) and dis.opmap["YIELD_FROM"] in code[at + 2 : at + 3]
    return before or code[at] in _SUSPENDING


@lru_cache(maxsize=64)
def _first_instruction(code: types.CodeType) -> int:
    """Where ``f_lasti`` stands when a coroutine is entered for the first time; -1 up to Python 3.10."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RESUME":
            return instruction.offset
    return -1
