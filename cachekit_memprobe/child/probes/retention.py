"""The retention instrument: what stays alive while only the returned value is held.

The baseline is taken with every tier of the cache empty, before any read of the value: what its first read
keeps for good is no set-up. Then two cycles of read and drop, each ending with every tier emptied. The
first holds the value, the second ten rows of it. What is held is the difference to the state after it was
dropped too, by the kernel's own page counts.

What is kept once a process, and of its first read, is kept of the small value here, as set-up. It is
:mod:`.first_read` that reads the value first.
"""

import gc
import os
import sys
import types
from typing import Any

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.pools import alive_bytes
from cachekit_memprobe.child.probes.maps import shared_bytes
from cachekit_memprobe.child.probes.staged import (
    StageCalls,
    alone,
    open_tracer,
    traced_read,
)
from cachekit_memprobe.child.seen import Handed, Held, RetentionSeen
from cachekit_memprobe.child.stages import Place, stage_of
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.tracer import StageTracer
from cachekit_memprobe.child.workload.reader import Reader

SLICE_ROWS = 10


def probe(task: Task, channel: wire.Channel) -> RetentionSeen:
    """Two cycles by a single reader: with the value held, and with ten rows of it."""
    task = alone(task)
    reader = Reader(task)
    listener = _Handed(reader.payload_bytes // 2)
    # Before any baseline: to find the stages' functions imports what the read alone wouldn't.
    tracer = open_tracer(task, reader, listener)
    start = before_any_read(reader, task.workspace)
    reader.warm_up()
    base = _baseline(reader, task.workspace)
    # As in the other process: the buffer that a connection has received into counts in neither.
    reader.receive_little()
    set_up = over(state_of(reader, task.workspace), start)
    held, after = _hold(reader, tracer, listener, task.workspace)
    return RetentionSeen(
        release=reader.release,
        result=over(held, after),
        handed=tuple(listener.pinned),
        after=over(after, base),
        part=_hold_slice(reader, task.workspace),
        set_up=set_up,
    )


def before_any_read(reader: Reader, workspace: str) -> Held:
    """The state with every tier of the cache empty; they are filled again."""
    reader.empty_tiers()
    state = state_of(reader, workspace)
    reader.refill_tiers()
    return state


def over(one: Held, other: Held) -> Held:
    """By how much one state holds more than another."""
    return Held(*(getattr(one, name) - getattr(other, name) for name in one.__dataclass_fields__))


def _baseline(reader: Reader, workspace: str) -> Held:
    reader.rehearse()
    reader.empty_tiers()
    return state_of(reader, workspace)


def _hold(reader: Reader, tracer: StageTracer, listener: "_Handed", workspace: str) -> tuple[Held, Held]:
    """Hold the value; it is looked at only afterwards, since that can make it cache things."""
    reader.refill_tiers()
    reader.expect()
    value = traced_read(tracer, reader)
    reader.prove_route()
    reader.empty_tiers()
    gc.collect()
    listener.let_go()
    held = state_of(reader, workspace)
    reader.prove_value(value)
    del value
    return held, state_of(reader, workspace)


def _hold_slice(reader: Reader, workspace: str) -> Held | None:
    """What this read leaves behind itself isn't held by the slice: it stays when that is gone, too."""
    reader.refill_tiers()
    reader.expect()
    value = reader.read()
    reader.wait()
    reader.prove_route()
    part = slice_of(value)
    del value
    if part is None:
        return None
    reader.empty_tiers()
    held = state_of(reader, workspace)
    del part
    return over(held, state_of(reader, workspace))


def slice_of(value: Any) -> Any:
    """The first ten rows or items, in the way in which a user takes them; ``None`` if there is none."""
    if hasattr(value, "iloc"):
        return value.iloc[:SLICE_ROWS]
    if type(value).__module__.partition(".")[0] in ("pyarrow", "polars"):
        return value.slice(0, SLICE_ROWS)
    in_a_row = isinstance(value, (list, tuple, str, bytes, bytearray)) or getattr(value, "ndim", 0) > 0
    return value[:SLICE_ROWS] if in_a_row else None


class _Handed(StageCalls):
    """Remembers the large bytes objects that the stages return to each other."""

    def __init__(self, least_bytes: int) -> None:
        super().__init__()
        self._least_bytes = least_bytes
        self._objects: list[Any] = []
        self._labels: list[str] = []
        self.pinned: list[Handed] = []

    def returned(self, frame: types.FrameType, position: Place, value: Any) -> None:
        label = stage_of(position.stage).hands_on
        for thing in value if isinstance(value, tuple) else (value,):
            known = any(thing is other for other in self._objects)
            if label and type(thing) in (bytes, bytearray) and len(thing) >= self._least_bytes and not known:
                self._objects.append(thing)
                self._labels.append(label)

    def let_go(self) -> None:
        """Note which of them something else still refers to, and forget all of them."""
        self._objects.append(bytes(self._least_bytes))  # referred to by this list alone
        references = [sys.getrefcount(self._objects[number]) for number in range(len(self._objects))]
        for number, label in enumerate(self._labels):
            if references[number] > references[-1]:
                self.pinned.append(Handed(label, len(self._objects[number])))
        self._objects.clear()


def state_of(reader: Reader, workspace: str) -> Held:
    """What the process holds, once what no one uses has been given back."""
    reader.settle()
    shared = shared_bytes(apart_from=workspace)
    return Held(_anonymous_bytes(), alive_bytes(), _mapped_bytes(workspace), _open_files(workspace), shared)


def _anonymous_bytes() -> int:
    """The anonymous part of the resident set, counted page by page by the kernel.

    /proc/self/status has it too, but batched by thread.
    """
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1]) * 1024
    except OSError as error:
        raise CouldNotMeasure(f"what is held can't be counted: /proc/self/smaps_rollup: {error}") from error
    raise CouldNotMeasure("what is held can't be counted: /proc/self/smaps_rollup has no line 'Anonymous'")


def _mapped_bytes(workspace: str) -> int:
    spans = 0
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            if workspace in line:
                start, _, end = line.split(maxsplit=1)[0].partition("-")
                spans += int(end, 16) - int(start, 16)
    return spans


def _open_files(workspace: str) -> int:
    """Open files below the workspace's cache; the child's own output lies elsewhere in it."""
    count = 0
    for entry in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{entry}").startswith(f"{workspace}/cache/")
        except OSError:
            continue
    return count
