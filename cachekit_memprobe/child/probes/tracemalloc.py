"""The tracemalloc instrument: what Python's own allocator hooks see, by window and by stage.

Three reads: two whole ones, cut at the stage boundaries, and one with the window opened only after unwrap,
as the regression test did that missed the unwrap copy.
"""

import sys
import tracemalloc
from dataclasses import replace

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.probes.staged import (
    StageCalls,
    open_tracer,
    ready_reader,
    require_passed,
    required_of,
    traced_read,
)
from cachekit_memprobe.child.seen import TracemallocSeen
from cachekit_memprobe.child.stages import OTHER, UNWRAP, Place
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload.reader import Reader, settle


def probe(task: Task, channel: wire.Channel) -> TracemallocSeen:
    """Three reads, one for each window.

    tracemalloc counts the whole process, so that with several readers, which are in different stages at
    the same time, ``stage_peaks`` and ``late_peak_bytes`` can't be told: they are ``None``.
    """
    reader = ready_reader(task)
    first = _whole_window(task, reader)
    settle()
    second = _whole_window(task, reader)
    settle()
    late = reader.readers == 1 and UNWRAP in required_of(task)
    return replace(first, late_peak_bytes=_late_window(task, reader) if late else None, second=second)


_KNOWN_BYTES = 64


class _Segments(StageCalls):
    """Cuts the read into segments at the stage boundaries; a segment belongs to one stage.

    tracemalloc has one peak, so it is read and reset at each boundary. A stage's peak is what it had
    kept from its earlier segments plus the most that one segment added.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak_bytes = 0
        self.stage_peaks: dict[str, int] = {}
        self._kept: dict[str, int] = {}
        self._start_bytes = 0

    def open(self) -> None:
        tracemalloc.start()
        self._start_bytes = tracemalloc.get_traced_memory()[0]

    def cut(self, stage: str) -> None:
        if self.is_over:
            return
        current, peak = tracemalloc.get_traced_memory()
        kept = self._kept.get(stage, 0)
        self.peak_bytes = max(self.peak_bytes, peak)
        self.stage_peaks[stage] = max(self.stage_peaks.get(stage, 0), kept + peak - self._start_bytes)
        self._kept[stage] = kept + current - self._start_bytes
        self._start_bytes = current
        tracemalloc.reset_peak()

    def moved(self, before: Place, after: Place, *, entered: bool) -> None:
        self.cut(before.stage)
        super().moved(before, after, entered=entered)

    def over(self) -> None:
        self.cut(OTHER)
        super().over()


class _OneSegment(_Segments):
    """Cuts nowhere, and knows the peak of the whole read only."""

    def moved(self, before: Place, after: Place, *, entered: bool) -> None:
        StageCalls.moved(self, before, after, entered=entered)


def _whole_window(task: Task, reader: Reader) -> TracemallocSeen:
    segments = _Segments() if reader.readers == 1 else _OneSegment()
    tracer = open_tracer(task, reader, segments)
    pool_before = _arrow_pool()
    reader.expect()
    segments.open()
    known = bytearray(_KNOWN_BYTES)
    try:
        value = traced_read(tracer, reader)
        _require_own(known)
    finally:
        tracemalloc.stop()
    pool_peak = _pool_growth(pool_before, blur_bytes=reader.payload_bytes // 100)
    reader.prove(value)
    require_passed(task, segments.calls, reader.release)
    return TracemallocSeen(
        release=reader.release,
        stage_calls=dict(segments.calls),
        peak_bytes=segments.peak_bytes,
        late_peak_bytes=None,
        arrow_pool_peak_bytes=pool_peak,
        stage_peaks=segments.stage_peaks if reader.readers == 1 else None,
    )


class _OpenAfterUnwrap(StageCalls):
    """Starts tracemalloc the moment the read leaves unwrap."""

    peak_bytes = 0
    known: object = None

    def over(self) -> None:
        self.peak_bytes = tracemalloc.get_traced_memory()[1]
        super().over()

    def moved(self, before: Place, after: Place, *, entered: bool) -> None:
        super().moved(before, after, entered=entered)
        if before.stage == UNWRAP and after.stage != UNWRAP and not self.is_over:
            tracemalloc.stop()
            tracemalloc.start()
            self.known = bytearray(_KNOWN_BYTES)


def _require_own(known: object) -> None:
    """Refuse a read that has stopped tracemalloc or started it anew, which forgets what was there before.

    Raises:
        CouldNotMeasure: the object that was allocated when the window opened isn't known any more.
    """
    if known is not None and tracemalloc.get_object_traceback(known) is None:
        raise CouldNotMeasure(
            "the read itself turns tracemalloc off or clears what it knows; what it had seen is lost"
        )


def _late_window(task: Task, reader: Reader) -> int:
    listener = _OpenAfterUnwrap()
    tracer = open_tracer(task, reader, listener)
    reader.expect()
    try:
        value = traced_read(tracer, reader)
        _require_own(listener.known)
    finally:
        tracemalloc.stop()
    reader.prove(value)
    require_passed(task, listener.calls, reader.release)
    return listener.peak_bytes


def _arrow_pool() -> tuple[int, int] | None:
    if "pyarrow" not in sys.modules:
        return None
    pool = sys.modules["pyarrow"].default_memory_pool()
    return int(pool.bytes_allocated()), int(pool.max_memory())


def _pool_growth(before: tuple[int, int] | None, blur_bytes: int) -> int | None:
    """How far the pool rose over what it held; ``None`` when it can't be told.

    The pool's maximum can't be reset. When the read stayed below an earlier maximum, all that is known
    is that it grew by less than the room under that; only room below ``blur_bytes`` passes for nothing.
    """
    after = _arrow_pool()
    if before is None or after is None:
        return None
    allocated, maximum = before
    if after[1] > maximum:
        return after[1] - allocated
    return 0 if maximum - allocated < blur_bytes else None
