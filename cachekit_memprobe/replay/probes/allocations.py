"""The memray instrument: every allocation of one read, with the stage boundaries in the same stream.

memray's records carry no time, but they are in order. At each boundary the probe makes a pair of
allocations of telling sizes, so that the capture itself says where the stages begin and end: for every
thread of Python's, and for Arrow's own threads, which have no Python stack at all.

Importable by the measured child process: standard library and target only.
"""

import os
import sys
import threading
from importlib.metadata import version
from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.probes.maps import file_maps, is_file
from cachekit_memprobe.replay.probes.staged import (
    StageCalls,
    open_tracer,
    package_folder,
    ready_reader,
    require_passed,
    traced_read,
)
from cachekit_memprobe.replay.proof import CannotMeasure
from cachekit_memprobe.replay.tracer import Position
from cachekit_memprobe.stages import BACKEND_GET, BACKEND_MAP

HERALD_BYTES = 40_009
"""An odd size that announces a mark; the next allocation of the thread tells which one it is."""

MARKS = 20_000
"""Marks are numbered modulo this; also the range of sizes that a mark can have."""

_BYTES_OBJECT_BYTES = sys.getsizeof(b"")
_MAPPING_STAGES = (BACKEND_GET, BACKEND_MAP)


def probe(task: wire.Task, channel: wire.Channel) -> dict[str, Any]:
    """Write the capture.

    Returns:
        ``journal``, what each mark in the capture means; ``herald_bytes`` and ``marks``, how to
        read them; ``memray``, the version that wrote it.
    """
    try:
        import memray
    except ImportError as error:
        raise CannotMeasure(f"memray can't be imported in the target's environment: {error}") from error
    reader = ready_reader(task)
    journal = _Journal()
    tracer = open_tracer(task, reader, journal)
    reader.expect()
    destination = memray.FileDestination(task.capture, overwrite=True)
    sys.addaudithook(journal.heard)  # for good: there is no way to remove it
    with memray.Tracker(destination=destination, native_traces=True, trace_python_allocators=False):
        journal.note("open")
        journal.hears = True
        value = traced_read(tracer, reader)
        journal.hears = False
        journal.note("close")
    reader.prove(value)
    require_passed(task, journal.calls, reader.release)
    return {
        "release": reader.release,
        "stage_calls": dict(journal.calls),
        "journal": journal.entries,
        "herald_bytes": HERALD_BYTES + _BYTES_OBJECT_BYTES,
        "marks": MARKS,
        "package_folder": package_folder(),
        "memray": version("memray"),
    }


class _Journal(StageCalls):
    """Writes down each boundary, and each map of a file, and marks it in the capture.

    Python says when it maps a file (https://docs.python.org/3/library/audit_events.html). What libraries map
    by themselves is found in the kernel's list, when the read leaves the stages that may map.

    Attributes:
        hears: a read is on its way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hears = False
        self.entries: list[dict[str, Any]] = []
        self._mapped_before = frozenset(file_maps())

    def note(self, event: str, **facts: Any) -> None:
        """Append an entry and mark it. The mark's own blocks are gone when this returns."""
        with self._lock:
            index = len(self.entries)
            self.entries.append({"event": event, "thread": threading.get_ident(), **facts})
            herald = bytes(HERALD_BYTES)
            mark = bytes(HERALD_BYTES + 1 + index % MARKS)
            del herald, mark

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit hook; what it allocates lies between a pause and the end of it, and is the probe's own."""
        if self.hears and event == "mmap.__new__":
            fd, length, _, offset = args[:4]
            self.note("pause")
            size_bytes = (length or os.fstat(fd).st_size - offset) if is_file(fd) else 0
            self.note("map", size_bytes=size_bytes)

    def moved(self, before: Position, after: Position, *, entered: bool) -> None:
        super().moved(before, after, entered=entered)
        if before.stage in _MAPPING_STAGES and after.stage not in _MAPPING_STAGES:
            # Reading the list of maps allocates: what lies between pause and move is the probe's own.
            self.note("pause")
            maps = [list(span) for span in file_maps() if span not in self._mapped_before]
            self.note("maps", maps=maps)
        self.note("move", stage=after.stage, function=after.function, file=after.file, line=after.line)
