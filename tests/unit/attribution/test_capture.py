"""The decoder on captures of memray's own, made here with known allocations, and on records made up."""

import mmap
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import memray
import pytest
from memray import AllocatorType
from memray._test import MemoryAllocator

from cachekit_memprobe.attribution.capture import Block, Place, read_blocks
from cachekit_memprobe.attribution.heap import heap_of
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay.probes.allocations import HERALD_BYTES, MARKS, _Journal
from cachekit_memprobe.replay.tracer import OUTSIDE, Position
from cachekit_memprobe.stages import BACKEND_GET, BACKEND_MAP, DECODE, DECOMPRESS, OTHER, UNWRAP

MIB = 1 << 20
_LARGE = MIB // 2
_HERALD = HERALD_BYTES + sys.getsizeof(b"")

_MODULE = """
def allocate(allocator, size_bytes):
    return helper(allocator, size_bytes)


def helper(allocator, size_bytes):
    allocator.malloc(size_bytes)
"""


@dataclass
class Recorder:
    """Makes a capture as the probe does, of what a test does meanwhile."""

    folder: Path

    def __post_init__(self) -> None:
        self.journal = _Journal()
        self.capture = self.folder / "capture.bin"

    @contextmanager
    def recording(self) -> Iterator[None]:
        destination = memray.FileDestination(self.capture)
        with memray.Tracker(destination=destination, native_traces=True, trace_python_allocators=False):
            self.journal.note("open")
            yield
            self.journal.note("close")

    @contextmanager
    def stage(self, stage: str) -> Iterator[None]:
        inside = Position(stage, "function", f"{self.folder}/cachekit/module.py", 1)
        self.journal.moved(OUTSIDE, inside, entered=True)
        yield
        self.journal.moved(inside, OUTSIDE, entered=False)

    def blocks(self, **changes: Any) -> Sequence[Block]:
        facts = {"journal": self.journal.entries, "herald_bytes": _HERALD, "marks": MARKS}
        return read_blocks(self.capture, {**facts, "package_folder": str(self.folder), **changes})

    def large(self) -> list[Block]:
        """The blocks of half a MiB and more: Python's own don't get so large."""
        return [block for block in self.blocks() if block.size_bytes >= _LARGE]


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


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
            recorder.journal.note("open")
            inside.malloc(3 * MIB)
            recorder.journal.note("close")
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
        assert heap.peak_bytes == pytest.approx(grown.size_bytes, abs=_LARGE)
        assert sum(use.copies_bytes for use in heap.places) == pytest.approx(grown.size_bytes, abs=_LARGE)

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
        assert heap.mapped_bytes == 3 * MIB
        assert heap.peak_bytes == pytest.approx(5 * MIB, abs=_LARGE)

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
        assert heap.peak_bytes == pytest.approx(8 * MIB, abs=_LARGE)

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_keeps_blocks_that_are_as_large_as_a_mark(self, count: int, recorder: Recorder) -> None:
        with recorder.recording(), recorder.stage(UNWRAP):
            made = [bytes(HERALD_BYTES) for _ in range(count)]
        assert len(made) == count
        blocks = [block for block in recorder.blocks() if block.size_bytes == _HERALD]
        assert [block.place.stage for block in blocks] == [UNWRAP] * count

    def test_that_lacks_marks_of_its_journal_is_refused(self, recorder: Recorder) -> None:
        with recorder.recording():
            pass
        more = [*recorder.journal.entries, {"event": "close", "thread": 1}]
        with pytest.raises(CouldNotMeasure, match="it has 2 marks of 3"):
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


@dataclass(frozen=True)
class Record:
    """One of memray's records, of a thread; with ``stack``, Python code runs on it."""

    tid: int
    size: int
    address: int = 0
    allocator: int = AllocatorType.MALLOC
    stack: tuple[tuple[str, str, int], ...] = ()
    native: tuple[str, ...] = ()

    @property
    def stack_id(self) -> int:
        return hash(self.stack)

    @property
    def native_stack_id(self) -> int:
        return hash(self.native)

    def stack_trace(self) -> list[tuple[str, str, int]]:
        return list(self.stack)

    def native_stack_trace(self) -> list[tuple[str, str, int]]:
        return [(name, "arrow.so", 0) for name in self.native]


READER, ANOTHER_READER, HELPER = 1, 2, 9


class MadeUp:
    """A capture of made-up records: marks with their journal, and what allocates between them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.records: list[Record] = []
        self.journal: list[dict[str, Any]] = []
        reader = SimpleNamespace(get_allocation_records=lambda: iter(self.records))
        monkeypatch.setattr(memray, "FileReader", lambda _capture: _entered(reader))
        self.mark(READER, event="open")

    def mark(self, tid: int, **entry: Any) -> None:
        self.records += [Record(tid, _HERALD), Record(tid, _HERALD + 1 + len(self.journal))]
        self.journal.append(entry)

    def enter(self, tid: int, stage: str) -> None:
        self.mark(tid, event="move", stage=stage, function="f", file="cachekit/m.py", line=3)

    def blocks(self) -> list[Block]:
        self.mark(READER, event="close")
        facts = {"journal": self.journal, "herald_bytes": _HERALD, "marks": MARKS, "package_folder": "/env"}
        return list(read_blocks(Path("capture"), facts))


@contextmanager
def _entered(reader: Any) -> Iterator[Any]:
    yield reader


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    return MadeUp(monkeypatch)


class TestAThreadWithoutAStack:
    """As Arrow's workers are: they work for the thread that reads."""

    def test_is_in_the_stage_of_the_reading_thread(self, made_up: MadeUp) -> None:
        made_up.enter(READER, UNWRAP)
        made_up.records.append(Record(HELPER, MIB))
        (block,) = made_up.blocks()
        assert block.place == Place(UNWRAP, "f", "cachekit/m.py", 3)

    def test_decompresses_if_its_native_frames_say_so(self, made_up: MadeUp) -> None:
        made_up.enter(READER, DECODE)
        made_up.records.append(Record(HELPER, MIB, native=("arrow::ipc::DecompressBuffer",)))
        made_up.records.append(Record(HELPER, MIB, native=("arrow::Cast",)))
        assert [block.place.stage for block in made_up.blocks()] == [DECOMPRESS, DECODE]

    def test_is_nowhere_if_readers_are_in_different_stages(self, made_up: MadeUp) -> None:
        made_up.enter(READER, UNWRAP)
        made_up.enter(ANOTHER_READER, DECODE)
        made_up.records.append(Record(HELPER, MIB))
        (block,) = made_up.blocks()
        assert block.place.stage == OTHER

    def test_is_nowhere_if_none_reads(self, made_up: MadeUp) -> None:
        made_up.enter(READER, OTHER)
        made_up.records.append(Record(HELPER, MIB))
        (block,) = made_up.blocks()
        assert block.place.stage == OTHER


def test_a_thread_with_a_stack_and_no_stage_is_on_its_own(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.records.append(Record(HELPER, MIB, stack=(("run", "/usr/lib/threading.py", 5),)))
    (block,) = made_up.blocks()
    assert block.place.stage == OTHER


def test_a_thread_that_runs_code_of_the_target_works_for_the_reading_thread(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    stack = (("work", "/env/cachekit/m.py", 9), ("run", "/usr/lib/threading.py", 5))
    made_up.records.append(Record(HELPER, MIB, stack=stack))
    (block,) = made_up.blocks()
    assert block.place == Place(UNWRAP, "work", "cachekit/m.py", 9)


def test_each_thread_is_in_its_own_stage(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.enter(ANOTHER_READER, DECODE)
    stack = (("f", "/env/cachekit/m.py", 4), ("main", "/usr/bin/x.py", 1))
    made_up.records += [Record(READER, MIB, stack=stack), Record(ANOTHER_READER, MIB, stack=stack)]
    assert [(block.place.stage, block.place.line) for block in made_up.blocks()] == [(UNWRAP, 4), (DECODE, 4)]


def test_what_the_probe_allocates_in_a_pause_is_not_the_reads(made_up: MadeUp) -> None:
    made_up.mark(READER, event="pause")
    made_up.records.append(Record(READER, 7 * MIB))
    made_up.mark(READER, event="maps", maps=[[1, 2]])
    made_up.records.append(Record(READER, 7 * MIB))
    made_up.enter(READER, UNWRAP)
    made_up.records.append(Record(READER, MIB))
    assert [block.size_bytes for block in made_up.blocks()] == [MIB]


def test_a_block_that_was_not_mapped_is_no_file_map_wherever_it_lies(made_up: MadeUp) -> None:
    """The list of maps is read while other threads run: what it tells may be gone when it is written down."""
    made_up.enter(READER, BACKEND_MAP)
    made_up.records += [
        Record(READER, 8 * MIB, 0x7000, AllocatorType.MMAP),
        Record(READER, MIB, 0x8000),
    ]
    made_up.mark(READER, event="pause")
    made_up.mark(READER, event="maps", maps=[[0x7000, 0x9000]])
    assert [block.is_file_map for block in made_up.blocks()] == [True, False]


def test_marks_of_two_threads_may_interleave(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.enter(ANOTHER_READER, DECODE)
    herald, mark, other_herald, other_mark = made_up.records[-4:]
    made_up.records[-4:] = [herald, other_herald, other_mark, mark]
    made_up.records += [Record(READER, MIB), Record(ANOTHER_READER, 2 * MIB)]
    assert [block.place.stage for block in made_up.blocks()] == [UNWRAP, DECODE]


def test_an_arena_that_python_takes_in_the_middle_of_a_mark_hides_it_not(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.records.insert(-1, Record(READER, MIB, 0x7000, AllocatorType.MMAP))
    made_up.records.append(Record(READER, 2 * MIB, 0x8000))
    blocks = [(block.place.stage, block.size_bytes) for block in made_up.blocks()]
    assert blocks == [(OTHER, MIB), (UNWRAP, 2 * MIB)]


@pytest.mark.parametrize("others", [0, 1, 9])
def test_a_block_of_a_heralds_size_lives_as_long_as_any(others: int, made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.records.append(Record(READER, _HERALD, 0x7000))
    made_up.records += [Record(READER, MIB, 0x8000 + number) for number in range(others)]
    made_up.records.append(Record(READER, 0, 0x7000, AllocatorType.FREE))
    blocks = [block for block in made_up.blocks() if block.size_bytes == _HERALD]
    assert [(block.place.stage, block.died is None) for block in blocks] == [(UNWRAP, False)]


def test_a_file_map_that_is_told_of_is_one_even_if_it_is_closed_at_once(made_up: MadeUp) -> None:
    made_up.enter(READER, BACKEND_GET)
    made_up.mark(READER, event="pause")
    made_up.records.append(Record(READER, MIB, 0x5000))
    made_up.mark(READER, event="map", size_bytes=8 * MIB)
    made_up.records += [
        Record(READER, MIB, 0x6000, AllocatorType.MMAP),  # an arena
        Record(ANOTHER_READER, 8 * MIB, 0x7000, AllocatorType.MMAP),
        Record(READER, 8 * MIB, 0x8000, AllocatorType.MMAP),
        Record(READER, 0, 0x8000, AllocatorType.MUNMAP),
        Record(READER, 8 * MIB, 0x8000, AllocatorType.MMAP),
    ]
    assert [block.is_file_map for block in made_up.blocks()] == [False, False, True, False]
