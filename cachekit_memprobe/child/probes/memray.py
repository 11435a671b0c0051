"""The memray instrument: every allocation of one read, with the stage boundaries in the same stream.

memray's records carry no time, but they are in order. At each boundary the probe makes a pair of
allocations of telling sizes, so that the capture itself says where the stages begin and end: for every
thread of Python's, and for Arrow's own threads, which have no Python stack at all.
"""

import os
import sys
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from cachekit_memprobe.child import started, wire
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.pools import state_of, unseen_pools
from cachekit_memprobe.child.probes.dropping import drop
from cachekit_memprobe.child.probes.maps import backing_of, maps, now
from cachekit_memprobe.child.probes.sources import lines_in_capture
from cachekit_memprobe.child.probes.staged import (
    StageCalls,
    open_tracer,
    own_folder,
    package_folder,
    ready_reader,
    require_passed,
    required_of,
    traced_read,
)
from cachekit_memprobe.child.seen import MemraySeen, Note
from cachekit_memprobe.child.stages import DECOMPRESS, Place, stage_of
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload.reader import Reader

HERALD_BYTES = 40_009
"""An odd size that announces a mark; the next allocation of the thread tells which one it is."""

MARKS = 20_000
"""Marks are numbered modulo this; also the range of sizes that a mark can have."""

_BYTES_OBJECT_BYTES = sys.getsizeof(b"")


def probe(task: Task, channel: wire.Channel) -> MemraySeen:
    """Write the captures of two reads, the first and one as all later ones, and tell how to read them."""
    _imported_memray()
    reader = ready_reader(task)
    # Native stacks tell Arrow's decompression on its own threads from what else it does there, and which of a
    # line's buffers Rust made. Whoever reads such a capture looks up the symbols of every library
    # first: 0.1 s and 50 MB that no other read has to cost, and the parts of a line are the first read's.
    compressed = task.caching.compression != "none"
    parts = task.caching.encryption or DECOMPRESS in required_of(task)
    first, values = _followed(task, reader, task.capture, native=compressed or parts)
    dropped = drop(values, reader, f"{task.capture}.drop")
    reader.settle()
    second, values = _followed(task, reader, _beside(task.capture), native=compressed)
    values.clear()
    return replace(first, dropped=dropped, second=second)


def _imported_memray() -> Any:
    try:
        import memray
    except ImportError as error:
        raise CouldNotMeasure(f"memray can't be imported in the target's environment: {error}") from error
    return memray


def _followed(task: Task, reader: Reader, capture: str, *, native: bool) -> tuple[MemraySeen, list[Any]]:
    """One read with a capture of its own, and its value in a list that has the last reference to it."""
    memray = _imported_memray()
    journal = _Journal(waits_on_a_loop=task.read.asynchronous)
    tracer = open_tracer(task, reader, journal)
    reader.expect()
    destination = memray.FileDestination(capture, overwrite=True)
    sys.addaudithook(journal.heard)  # for good: there is no way to remove it
    tracker = memray.Tracker(destination=destination, native_traces=native, trace_python_allocators=False)
    # No with: a thread that still works when the tracker goes takes the process with it. If the read's
    # aftermath doesn't end, this process does, with the tracker on.
    tracker.__enter__()
    journal.note(Note("open"))
    journal.hears = True
    value = traced_read(tracer, reader)
    journal.close()
    tracker.__exit__(None, None, None)
    made_by = started.places()
    reader.prove(value)
    require_passed(task, journal.calls, reader.release)
    seen = MemraySeen(
        release=reader.release,
        stage_calls=dict(journal.calls),
        journal=tuple(journal.entries),
        herald_bytes=HERALD_BYTES + _BYTES_OBJECT_BYTES,
        marks=MARKS,
        package_folder=package_folder(),
        memray=version("memray"),
        sources=lines_in_capture(capture, [package_folder(), own_folder(task)]),
        capture=capture,
        started=made_by,
        lasting=reader.lasting,
        own_folder=own_folder(task),
    )
    return seen, [value]


def _beside(capture: str) -> str:
    """``memray-second.bin`` for ``memray.bin``."""
    stem, suffix = os.path.splitext(capture)
    return f"{stem}-second{suffix}"


class _Journal(StageCalls):
    """Writes down each boundary, and each map of a file, and marks it in the capture.

    Python says when it maps a file (https://docs.python.org/3/library/audit_events.html). What libraries map
    by themselves is found in the kernel's list, when the read leaves the stages that may map.

    Attributes:
        waits_on_a_loop: the thread that reads goes on with a loop's tasks after the read.
        hears: a read is on its way.
    """

    def __init__(self, *, waits_on_a_loop: bool = False) -> None:
        super().__init__()
        self.waits_on_a_loop = waits_on_a_loop
        self.hears = False
        self.entries: list[Note] = []
        self._is_closed = False
        self._mapped_before = frozenset(maps())
        self._since = now()
        self._mapped_nameless = False
        self._pools = unseen_pools()
        self._before = self._last = {name: state_of(pool) for name, pool in self._pools.items()}

    def note(self, note: Note) -> None:
        """Append an entry and mark it. The mark's own blocks are gone when this returns."""
        with self._lock:
            if self._is_closed:
                return
            index = len(self.entries)
            self.entries.append(note)
            herald = bytes(HERALD_BYTES)
            mark = bytes(HERALD_BYTES + 1 + index % MARKS)
            del herald, mark

    def over(self) -> None:
        with self._lock:
            super().over()
            self.look_at_maps()
            self.tell_pools()
            self.note(Note("return"))
            if not self.waits_on_a_loop:
                # What this thread does from now on is to wait, and the probe's own.
                self.note(Note("pause"))

    def close(self) -> None:
        """The last note. A thread that never ends may still have something to say, which is not heard."""
        with self._lock:
            self.hears = False
            self.tell_pools()
            self.note(Note("close"))
            self._is_closed = True

    def tell_pools(self) -> None:
        """What has been taken of Arrow's other pools since this was told last."""
        for name, pool in self._pools.items():
            state, last = state_of(pool), self._last[name]
            if state != last:
                self._last = {**self._last, name: state}
                grown_bytes = max(0, state.allocated_bytes - last.allocated_bytes)
                alive_bytes = state.alive_bytes - self._before[name].alive_bytes
                self.note(Note("pool", size_bytes=grown_bytes, pool=name, alive_bytes=alive_bytes))

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit hook; what it allocates lies between a pause and the end of it, and is the probe's own."""
        if self.hears and event == "mmap.__new__":
            fd, length, _, offset = args[:4]
            self.note(Note("pause"))
            backing = backing_of(fd, self._since)
            # What is mapped beyond a file's end, or with a negative length, is refused after this.
            size_bytes = max(0, length or os.fstat(fd).st_size - offset) if backing else 0
            self.note(Note("map", size_bytes=size_bytes, backing=backing or "file"))
            self._mapped_nameless |= backing is None

    def moved(self, before: Place, after: Place, *, entered: bool) -> None:
        super().moved(before, after, entered=entered)
        if self._mapped_nameless or (stage_of(before.stage).maps and not stage_of(after.stage).maps):
            self.look_at_maps()
        self.tell_pools()
        self.note(Note("move", place=after))

    def look_at_maps(self) -> None:
        """Tell what is mapped that wasn't when the read began; a note has to follow that ends the pause.

        Reading the list allocates: what lies in the pause is the probe's own.
        """
        self.note(Note("pause"))
        self._mapped_nameless = False
        spans: dict[str, list[tuple[int, int]]] = {"file": [], "shared": [], "made": []}
        for one in maps():
            if one not in self._mapped_before:
                spans[one.backing(self._since)].append((one.start, one.end))
        file, shared, made = (tuple(spans[kind]) for kind in ("file", "shared", "made"))
        self.note(Note("maps", spans=file, shared_spans=shared, made_spans=made))
