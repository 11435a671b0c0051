"""The decoder on captures of memray's own, made here with known allocations."""

import mmap
import os
from collections.abc import Callable
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

import memray
import pyarrow
import pytest
from memray._test import MemoryAllocator

from cachekit_memprobe.attribution.heap import heap_of
from cachekit_memprobe.child.probes.memray import HERALD_BYTES
from cachekit_memprobe.child.seen import Note
from cachekit_memprobe.child.stages import BACKEND_MAP, DECODE, OTHER, UNWRAP, Place
from cachekit_memprobe.errors import CouldNotMeasure
from tests.unit.attribution.recorder import HERALD, LARGE, MIB, Recorder

_MODULE = """
def allocate(allocator, size_bytes):
    return helper(allocator, size_bytes)


def helper(allocator, size_bytes):
    allocator.malloc(size_bytes)
"""


class TestARealCapture:
    def test_has_each_block_with_its_lifetime(self, recorder: Recorder) -> None:
        kept, dropped = MemoryAllocator(), MemoryAllocator()
        with recorder.recording():
            dropped.malloc(3 * MIB)
            kept.malloc(5 * MIB)
            dropped.free()
        kept.free()
        first, second = recorder.large()
        assert (first.size_bytes, second.size_bytes) == (3 * MIB, 5 * MIB)
        assert first.died is not None
        assert second.died is None
        assert first.born < second.born < first.died

    def test_begins_and_ends_with_the_read(self, recorder: Recorder) -> None:
        before, inside, after = MemoryAllocator(), MemoryAllocator(), MemoryAllocator()
        with memray.Tracker(destination=memray.FileDestination(recorder.capture), native_traces=True):
            before.malloc(2 * MIB)
            recorder.journal.note(Note("open"))
            inside.malloc(3 * MIB)
            recorder.journal.note(Note("close"))
            after.malloc(4 * MIB)
            for allocator in (before, inside, after):
                allocator.free()
        (block,) = recorder.large()
        assert (block.size_bytes, block.died) == (3 * MIB, None)

    def test_a_resized_block_counts_its_growth(self, recorder: Recorder) -> None:
        more = bytes(3 * MIB)
        with recorder.recording():
            array = bytearray(2 * MIB)
            array += more
        first, grown = recorder.large()
        assert first.size_bytes == pytest.approx(2 * MIB, abs=1)
        assert grown.size_bytes >= len(array)
        assert grown.grown_bytes == grown.size_bytes - first.size_bytes
        assert first.died is not None
        heap = heap_of(recorder.blocks())
        assert heap.peak_bytes == pytest.approx(grown.size_bytes, abs=LARGE)
        assert sum(use.copies_bytes for use in heap.places) == pytest.approx(grown.size_bytes, abs=LARGE)

    def test_books_a_block_on_the_open_stage_and_the_innermost_line_of_the_target(
        self, recorder: Recorder
    ) -> None:
        namespace: dict[str, Any] = {}
        exec(compile(_MODULE, f"{recorder.folder}/cachekit/module.py", "exec"), namespace)
        allocator = MemoryAllocator()
        with recorder.recording(), recorder.stage(UNWRAP):
            namespace["allocate"](allocator, 3 * MIB)
        allocator.free()
        (block,) = recorder.large()
        assert block.place == Place(UNWRAP, "helper", "cachekit/module.py", 7)

    def test_books_on_other_what_is_outside_every_stage(self, recorder: Recorder) -> None:
        allocator = MemoryAllocator()
        with recorder.recording():
            with recorder.stage(UNWRAP):
                pass
            allocator.malloc(3 * MIB)
        allocator.free()
        (block,) = recorder.large()
        assert block.place == Place(OTHER, "", "", 0)

    def test_tells_a_file_map_from_shared_memory(self, recorder: Recorder) -> None:
        stored = recorder.folder / "stored"
        stored.write_bytes(bytes(3 * MIB))
        with stored.open("rb") as file, recorder.recording(), recorder.stage(BACKEND_MAP):
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            shared = mmap.mmap(-1, 5 * MIB)
        mapped.close()
        shared.close()
        heap = heap_of(recorder.blocks())
        assert (heap.mapped_bytes, heap.shared_bytes) == (3 * MIB, 5 * MIB)
        assert heap.peak_bytes == pytest.approx(5 * MIB, abs=LARGE)

    @pytest.mark.parametrize("stage", [BACKEND_MAP, UNWRAP])
    def test_tells_shared_memory_of_every_kind_that_the_read_made_in_any_stage(
        self, stage: str, recorder: Recorder
    ) -> None:
        with recorder.recording(), recorder.stage(stage):
            nameless = mmap.mmap(-1, MIB)
            fd = os.memfd_create("snapshot")
            os.truncate(fd, 2 * MIB)
            snapshot = mmap.mmap(fd, 2 * MIB)
            named = shared_memory.SharedMemory(create=True, size=4 * MIB)
        for thing in (nameless, snapshot, named):
            thing.close()
        os.close(fd)
        named.unlink()
        heap = heap_of(recorder.blocks())
        assert (heap.mapped_bytes, heap.shared_bytes) == (0, 7 * MIB)
        assert heap.peak_bytes == pytest.approx(7 * MIB, abs=LARGE)

    def test_tells_a_file_in_a_tmpfs_that_was_there_before(self, recorder: Recorder) -> None:
        path = Path("/dev/shm", f"memprobe-test-{os.getpid()}")
        path.write_bytes(bytes(3 * MIB))
        os.utime(path, (1, 1))
        try:
            with path.open("rb") as file, recorder.recording(), recorder.stage(BACKEND_MAP):
                by_python = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                by_arrow = pyarrow.memory_map(str(path)).read_buffer()
        finally:
            path.unlink()
        by_python.close()
        assert by_arrow.size == 3 * MIB
        heap = heap_of(recorder.blocks())
        assert (heap.mapped_bytes, heap.shared_bytes) == (0, 6 * MIB)
        assert heap.peak_bytes < LARGE

    def test_heap_at_the_addresses_of_a_file_that_was_unmapped_is_heap(self, recorder: Recorder) -> None:
        stored = recorder.folder / "stored"
        stored.write_bytes(bytes(64 * MIB))
        with stored.open("rb") as file, recorder.recording():
            with recorder.stage(BACKEND_MAP):
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            with recorder.stage(DECODE):
                mapped.close()
                arenas = [mmap.mmap(-1, MIB) for _ in range(8)]
        for arena in arenas:
            arena.close()
        heap = heap_of(recorder.blocks())
        mapped_bytes = {use.place.stage: use.mapped_bytes for use in heap.places if use.mapped_bytes}
        assert mapped_bytes == {BACKEND_MAP: 64 * MIB}
        assert heap.peak_bytes == pytest.approx(8 * MIB, abs=LARGE)

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_keeps_blocks_that_are_as_large_as_a_mark(self, count: int, recorder: Recorder) -> None:
        with recorder.recording(), recorder.stage(UNWRAP):
            made = [bytes(HERALD_BYTES) for _ in range(count)]
        assert len(made) == count
        blocks = [block for block in recorder.blocks() if block.size_bytes == HERALD]
        assert [block.place.stage for block in blocks] == [UNWRAP] * count

    def test_that_lacks_marks_of_its_journal_is_refused(self, recorder: Recorder) -> None:
        with recorder.recording():
            pass
        more = [*recorder.journal.entries, Note("close")]
        with pytest.raises(CouldNotMeasure, match="it has 4 marks of 5"):
            recorder.blocks(journal=more)

    @pytest.mark.parametrize("damage", [lambda data: b"", lambda data: b"x" * len(data)])
    def test_that_is_damaged_is_refused(self, damage: Callable[[bytes], bytes], recorder: Recorder) -> None:
        with recorder.recording():
            pass
        recorder.capture.write_bytes(damage(recorder.capture.read_bytes()))
        with pytest.raises(CouldNotMeasure, match="capture can't be read"):
            recorder.blocks()

    def test_that_is_missing_is_refused(self, recorder: Recorder) -> None:
        with pytest.raises(CouldNotMeasure, match="capture can't be read"):
            recorder.blocks()
