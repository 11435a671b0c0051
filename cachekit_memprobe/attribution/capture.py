"""memray's capture of one read as a list of blocks, each with its stage, its line and its lifetime.

The capture is a stream in time order. The probe's journal tells what the marks in it mean, so each
thread's stage is known at every record. A thread without a position of its own, as Arrow's workers are,
or one that runs code of the target's, works for a reading thread: its blocks belong to the stage that is
open there, if there is only one.

A mark is two allocations of one thread, a herald of 40,042 bytes and then one that is larger by 1 + its
number in the journal (modulo 20,000), as :mod:`cachekit_memprobe.child.probes.memray` makes them. So this
stream, with the journal ``[open, move to unwrap, move to decode, close]``::

    thread 1  malloc 40042     the herald
    thread 1  malloc 40043     mark 0: the window opens
    thread 1  malloc 40042
    thread 1  malloc 40044     mark 1: thread 1 is in unwrap from here on
    thread 1  malloc 67108864  a block of unwrap's
    thread 1  malloc 40042     a herald
    thread 1  mmap    1048576  Python took an arena for what makes the second one: booked, and waited on
    thread 1  malloc 40045     mark 2: decode
    thread 2  malloc 8388608   no Python stack, and only thread 1 is in a stage: a helper's, so decode's
    thread 1  malloc 40042
    thread 1  malloc 40046     mark 3: the window closes

A herald that no mark follows within a few allocations was the read's own block of just that size, and is
booked. Marks of several threads may be written in another order than they stand in the journal, so that an
entry is looked for near the place that is due. In the end as many marks must have been seen as there are
entries: whatever else happened, the capture and its journal are then of the same read.

What Arrow's pools other than the system's have handed out isn't in the stream: the journal tells it at each
boundary, and it is booked as one block of the stage that ends there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cachekit_memprobe.attribution.block import Block, Capture, Move
from cachekit_memprobe.attribution.pools import Pools
from cachekit_memprobe.attribution.stacks import Stacks
from cachekit_memprobe.attribution.where import Where
from cachekit_memprobe.child.seen import Backing, MemraySeen, Note
from cachekit_memprobe.child.stages import OTHER, OUTSIDE, Place
from cachekit_memprobe.errors import CouldNotMeasure

_INTERLEAVED_MARKS = 64
_MOST_BETWEEN = 4
"""Allocations between a mark's two: Python may need an arena, of pymalloc's, for what makes the second."""


def read_capture(file: Path, seen: MemraySeen, *, stacks: bool = False) -> Capture:
    """What a capture, with its journal, says of one read and of its aftermath.

    Args:
        file: memray's.
        seen: what the probe tells of it.
        stacks: the whole stack of each block is asked for.

    Raises:
        CouldNotMeasure: the capture can't be read, or disagrees with its journal.
    """
    # Slow to import, for commands that read no capture.
    import memray

    try:
        with memray.FileReader(file) as reader:
            decoder = _Decoder(seen, native=bool(reader.metadata.has_native_traces), stacks=stacks)
            for record in reader.get_allocation_records():
                decoder.feed(record)
    except (OSError, ValueError, RuntimeError) as error:
        raise CouldNotMeasure(f"memray's capture can't be read: {error}; measure again") from error
    return decoder.finish()


@dataclass
class _Thread:
    """What the stream has said of one thread so far.

    Attributes:
        herald: the first allocation of a mark, whose second is awaited, or one of the read's of its size.
        since_herald: allocations that have come in between.
        maps_bytes, maps: the size of a map that comes next, 0 for none, and what stands behind it.
        python_maps: the next map is made by Python's mmap.
    """

    position: Place = OUTSIDE
    paused: bool = False
    herald: Any = None
    since_herald: int = 0
    maps_bytes: int = 0
    maps: Backing = "file"
    python_maps: bool = False
    just_freed: Block | None = None

    @property
    def is_stray(self) -> bool:
        return self.position == OUTSIDE


class _Decoder:
    """A state machine over the records; one method for each kind of record."""

    def __init__(self, seen: MemraySeen, *, native: bool, stacks: bool) -> None:
        from memray import AllocatorType

        self._frees = frozenset({AllocatorType.FREE, AllocatorType.MUNMAP, AllocatorType.PYMALLOC_FREE})
        self._reallocs = frozenset({AllocatorType.REALLOC, AllocatorType.PYMALLOC_REALLOC})
        self._map = AllocatorType.MMAP
        self._journal = seen.journal
        self._herald_bytes = seen.herald_bytes
        self._marks = seen.marks
        self._where = Where(f"{seen.package_folder}/", native=native, own_folder=seen.own_folder)
        self._stacks = Stacks(seen.package_folder, native=native) if stacks else None
        self._threads: dict[int, _Thread] = {}
        self._open = False
        self._is_over = False
        self._noted = 0
        self._time = 0
        self._live: dict[int, Block] = {}
        self._maps: dict[int, Block] = {}
        self._blocks: list[Block] = []
        self._moves: list[Move] = []
        self._readers: dict[int, int] = {}
        self._pools = Pools(self._blocks)

    def feed(self, record: Any) -> None:
        self._time += 1
        thread = self._threads.setdefault(record.tid, _Thread())
        if record.allocator in self._frees:
            self._free(thread, record)
        elif not self._is_mark(thread, record):
            self._allocate(thread, record)

    def finish(self) -> Capture:
        if self._noted != len(self._journal):
            raise CouldNotMeasure(
                f"the capture disagrees with its journal: it has {self._noted} marks of {len(self._journal)}"
            )
        return Capture(self._blocks, self._moves, self._stacks.found if self._stacks else ())

    def _free(self, thread: _Thread, record: Any) -> None:
        if thread.herald is not None and thread.herald.address == record.address:
            self._book_herald(thread)
        block = self._live.pop(record.address, None)
        self._maps.pop(record.address, None)
        # What the read left behind has survived it, whatever becomes of it afterwards.
        if block is not None and self._open and block.is_after == self._is_over:
            block.died = self._time
        thread.just_freed = block

    def _allocate(self, thread: _Thread, record: Any) -> None:
        if not self._open or thread.paused:
            return
        grown_bytes = record.size
        resized, thread.just_freed = thread.just_freed, None
        if record.allocator in self._reallocs and resized is not None:
            # memray records a resize as the end of the old block, right before the new one.
            grown_bytes = max(0, record.size - resized.size_bytes)
            if resized.died is not None:
                resized.died = self._time
        helps = thread.position == OUTSIDE and self._where.may_help(record)
        place = self._where.of(record, self._reading() if helps else thread.position, helps=helps)
        block = Block(place, record.size, grown_bytes, self._time, native=self._where.native_of(record))
        block.is_after = self._is_over
        block.stack = self._stacks.number_of(record) if self._stacks else None
        block.seen_by = "thread" if thread.is_stray and place.stage == OTHER else ""
        self._blocks.append(block)
        self._live[record.address] = block
        if record.allocator == self._map:
            # What Python's mmap maps is the read's own, and no pool's.
            block.is_map, thread.python_maps = not thread.python_maps, False
            self._maps[record.address] = block
            if record.size == thread.maps_bytes:
                block.backing, thread.maps_bytes = thread.maps, 0

    def _reading(self) -> Place:
        """What the threads that read are at; several readers in different stages are at none."""
        open_places = {thread.position for thread in self._threads.values()} - {OUTSIDE}
        return open_places.pop() if len({place.stage for place in open_places}) == 1 else OUTSIDE

    def _is_mark(self, thread: _Thread, record: Any) -> bool:
        """Consume the pair of allocations that is a mark; the pair is the probe's, not the read's."""
        if thread.herald is not None:
            entry = self._entry(record.size - self._herald_bytes - 1)
            if entry is not None:
                thread.herald = None
                self._note(thread, entry)
                return True
            thread.since_herald += 1
            if record.size == self._herald_bytes or thread.since_herald > _MOST_BETWEEN:
                self._book_herald(thread)
        if record.size == self._herald_bytes:
            thread.herald, thread.since_herald = record, 0
            return True
        return False

    def _book_herald(self, thread: _Thread) -> None:
        """It announced nothing: it is the read's own, of just that size."""
        herald, thread.herald = thread.herald, None
        self._allocate(thread, herald)

    def _entry(self, number: int) -> Note | None:
        """The journal's entry for a mark. Threads may have interleaved, so it is near, not just next."""
        near = range(max(0, self._noted - _INTERLEAVED_MARKS), self._noted + _INTERLEAVED_MARKS)
        for index in near:
            if index < len(self._journal) and index % self._marks == number:
                return self._journal[index]
        return None

    def _note(self, thread: _Thread, note: Note) -> None:
        self._noted += 1
        if note.event in ("open", "move", "return"):
            self._pools.begin(self._time)
        if note.event in ("open", "close"):
            self._open = note.event == "open"
            self._move(thread)
        elif note.event == "return":
            self._is_over, thread.paused = True, False
        elif note.event == "pause":
            thread.paused = True
        elif note.event == "pool":
            self._pools.tell(thread.position, note, self._time, is_after=self._is_over)
        elif note.event == "maps":
            self._tell_maps(note.spans, "file")
            self._tell_maps(note.shared_spans, "shared")
            self._tell_maps(note.made_spans, "made")
        elif note.event == "map":
            thread.paused, thread.python_maps = False, True
            thread.maps_bytes, thread.maps = note.size_bytes, note.backing
        else:
            thread.paused, thread.position = False, note.place or OUTSIDE
            self._move(thread)

    def _move(self, thread: _Thread) -> None:
        if self._open and not self._is_over:
            number = self._readers.setdefault(id(thread), len(self._readers))
            self._moves.append(Move(self._time, number, thread.position.stage))

    def _tell_maps(self, spans: Iterable[tuple[int, int]], backing: Backing) -> None:
        """Of the maps that live now: when a file is unmapped, its addresses are taken by heap again."""
        for start, end in spans:
            for address, block in self._maps.items():
                if start <= address < end:
                    block.backing = block.backing or backing
