"""Memory by address: which regions a read has shown, and whether one is a copy of another."""

import mmap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cachekit_memprobe.child.probes.buffers import Buffer, buffers_of, is_arrow_table
from cachekit_memprobe.child.probes.images import Images, Span
from cachekit_memprobe.child.probes.maps import Map, Maps, now, spaces
from cachekit_memprobe.child.probes.owners import base_of, can_be_filled, may_move, sample
from cachekit_memprobe.child.seen import BlockKind, Origin, OriginKind

_LARGE = 250
"""Times the smallest region: from a quarter of the payload on, a region is looked for inside of others."""
_OWN_MAP_BYTES = 128 << 10
"""From here on a block is surely a map of its own: the measured process has malloc do so from 64 KiB on."""


@dataclass(frozen=True)
class Region:
    """A known span of memory.

    Attributes:
        origin: what it is to a block that is copied from it.
        new_bytes: of it, what has come by it: of a bytearray that has grown, the growth; of memory in which
            a copy stands, the copy.
        copy_of: what it is a copy of itself; ``None`` when it isn't one.
        array: the bytearray, or Arrow's resizable buffer, that it lies in, which may be moved; ``None``
            elsewhere.
        map: that it lies in, which may be closed; ``None`` elsewhere.
        is_mapped: it may be unmapped by the read, so that it is looked at only while the kernel lists it.
    """

    start: int
    size_bytes: int
    kind: BlockKind
    origin: Origin
    new_bytes: int
    copy_of: Origin | None = None
    array: Any = field(default=None, compare=False, repr=False)
    map: Map | None = field(default=None, compare=False, repr=False)
    is_mapped: bool = False

    @property
    def end(self) -> int:
        return self.start + self.size_bytes

    @property
    def is_map(self) -> bool:
        """Whether the memory was mapped, rather than made by the read."""
        return self.origin.kind in ("file_map", "shared_map")

    def holds(self, buffer: Buffer) -> bool:
        return self.start <= buffer.start and buffer.start + buffer.size_bytes <= self.end

    def meets(self, buffer: Buffer) -> bool:
        """Whether they have any byte in common."""
        return self.start < buffer.start + buffer.size_bytes and buffer.start < self.end


class Regions:
    """The memory that a read has shown so far; ``maps`` has to be forgotten when code of the read has run.

    ``spaces`` are the addresses that the process had before the read.

    An example, a read of a 64 MiB frame with 0.9.1's File backend, in the order in which it is looked at::

        data      67,108,890 bytes at A          new, received: region 0
        data[14:] 67,108,876 bytes at B          new; its bytes are the end of region 0: verbatim, region 1
        mv        67,108,876 bytes at B          inside region 1: a view, nothing new
        payload   67,108,704 bytes at C          new; its bytes are the end of region 0: verbatim, region 2
        table     8 columns in C                 inside region 2: views
        df        8 columns of 8 MiB at D1..D8   new; D1 is found nowhere: transformed, regions 3 to 10

    A copy is compared with the oldest region first, so that copies of copies have one original.

    Owners are kept, so that no address is used twice, except those of maps: a mapping can't be
    closed while something looks at it, and the read closes it. Its addresses are only compared while
    the kernel still lists them. A bytearray is kept, but may move as it grows.
    """

    def __init__(self, least_bytes: int) -> None:
        self.least_bytes = least_bytes
        self.known: list[Region] = []
        self.owners: list[Any] = []
        self.resident: list[Any] = []
        self._tables: dict[int, tuple[Any, tuple[Buffer, ...]]] = {}
        self.maps = Maps(since=now())
        self._numbers: dict[tuple[int, int], int] = {}
        self.spaces: tuple[tuple[int, int], ...] = ()
        self._frames: dict[int, Any] = {}
        self._images = Images()
        self._unfilled: dict[int, bytes] = {}
        self._left_over: set[int] = set()
        self._written: set[int] = set()

    def add_known(self, thing: Any, kind: OriginKind) -> None:
        """Memory that was there before the read."""
        self.resident.append(thing)
        for buffer in buffers_of(thing):
            self._remember(buffer, "received", Origin(kind, buffer.size_bytes))

    def classify(self, buffer: Buffer, *, received: bool) -> Region | None:
        """The region that a buffer opens; ``None`` when it is small or lies in a known one.

        A map of what was there before is not a copy either: its region is remembered, and ``None`` returned.
        """
        if buffer.size_bytes < self.least_bytes:
            return None
        if self.number_of(buffer) is not None:
            return None
        mapped = self.maps.at(buffer.start)
        backing = mapped.backing(self.maps.since) if mapped else "made"
        if backing != "made":
            kind: OriginKind = "file_map" if backing == "file" else "shared_map"
            self._remember(buffer, "received", Origin(kind, buffer.size_bytes))
            return None
        if type(buffer.owner) is bytes and self.was_there(buffer):
            # It can't have been written since, so that it is what a name that was just bound leads to.
            self._remember(buffer, "received")
            return None
        return self._remember(buffer, "received" if received else "transformed", judged=True)

    def add_before(self, buffer: Buffer) -> None:
        """Memory that a name leads to when its function begins, so that no line of it has made it."""
        if buffer.size_bytes >= self.least_bytes and self.number_of(buffer) is None:
            self._left_over.add(len(self.known))
            self._remember(buffer, "received")

    def was_there(self, span: Span) -> bool:
        """Whether the process had these addresses before the read, and didn't take them anew for it.

        A small block comes from memory that malloc keeps; a large one is a map of its own.
        """
        return span.size_bytes >= _OWN_MAP_BYTES and any(
            start <= span.start and span.start + span.size_bytes <= end for start, end in self.spaces
        )

    def second_look(self, number: int, *, was_filled: bool = False) -> Region:
        """A region, judged again: memory is often made first and filled afterwards.

        It is compared with what was known before it, since what came later may be a copy of it; if it
        ``was_filled`` just now, with all that is known.
        """
        region = self.known[number]
        if (region.kind != "verbatim" or region.new_bytes < region.size_bytes) and self._in_place(region):
            later = range(number + 1, len(self.known)) if was_filled else ()
            self.known[number] = self._judged(region, (*range(number), *later))
        return self.known[number]

    def filled(self) -> Iterator[int]:
        """The numbers of the regions that can be written to, and have been since this was asked last."""
        for number, before in list(self._unfilled.items()):
            region = self.known[number]
            if not self._in_place(region):
                del self._unfilled[number]
            elif (after := sample(region)) != before:
                self._unfilled[number] = after
                self._written.add(number)
                yield number

    def _may_be_copied(self, number: int) -> bool:
        """Whether a region's bytes are this read's, so that the same bytes elsewhere are a copy of them.

        What an earlier read left in a buffer or a side cache, each read receives and makes again.
        """
        return number not in self._left_over or number in self._written

    def knows_table(self, thing: Any) -> bool:
        """Whether an Arrow table was looked at before. It must not be again.

        ``to_pandas(self_destruct=True)`` leaves a table whose columns are gone; to touch them crashes.
        """
        if not is_arrow_table(thing):
            return False
        if id(thing) in self._tables:
            return True
        spans = tuple(replace(buffer, owner=None) for buffer in buffers_of(thing))
        mapped = any(region.holds(buffer) for buffer in spans for region in self.mapped())
        self._tables[id(thing)] = (None if mapped else thing, spans)
        return False

    def is_unchanged(self, thing: Any) -> bool:
        """Whether it is a frame of pandas' that was looked at before and has the same memory still.

        A frame of a thousand columns has a thousand pieces of it, and a function a hundred lines.
        """
        if type(thing).__module__.partition(".")[0] != "pandas":
            return False
        blocks = getattr(getattr(thing, "_mgr", None), "blocks", None)
        known = self._frames.get(id(thing))
        self._frames[id(thing)] = blocks  # kept, so that no other may have its identity
        return blocks is not None and known is blocks

    def spans_of(self, thing: Any) -> Iterable[Buffer]:
        """Where its data lies; of an Arrow table, where it lay when it was looked at."""
        return self._tables[id(thing)][1] if self.knows_table(thing) else buffers_of(thing)

    def number_of(self, span: Buffer) -> int | None:
        """The place in ``known`` of the region that a span lies in; ``None`` of a small or a new one."""
        if span.size_bytes < self.least_bytes:
            return None
        number = self._numbers.get((span.start, span.size_bytes))
        if number is not None and self._in_place(self.known[number]):
            return number
        for number, region in enumerate(self.known):
            if region.holds(span) and self._in_place(region):
                return number
        return None

    def mapped(self) -> list[Region]:
        """The regions whose owners are not kept."""
        return [region for region in self.known if region.is_mapped]

    def _remember(
        self, buffer: Buffer, kind: BlockKind, origin: Origin | None = None, *, judged: bool = False
    ) -> Region:
        owner = buffer.owner
        mapped = self.maps.at(buffer.start)
        is_mapped = mapped is not None or base_of(owner) is mmap.mmap
        region = Region(
            buffer.start,
            buffer.size_bytes,
            kind,
            origin or Origin("made", buffer.size_bytes, type(owner).__name__),
            buffer.size_bytes,
            array=owner if may_move(owner) else None,
            map=mapped,
            is_mapped=is_mapped,
        )
        if judged:
            region = self._judged(region, range(len(self.known)))
        number = self._numbers[region.start, region.size_bytes] = len(self.known)
        if region.origin.kind == "made" and self.was_there(region):
            self._left_over.add(number)
        self.known.append(region)
        if not is_mapped:
            self.owners.append(owner)
        if can_be_filled(owner):
            self._unfilled[number] = sample(region)
        return region

    def _judged(self, region: Region, numbers: Iterable[int]) -> Region:
        """The region as the copy that it is, if it is one: of a whole, or with most of one in it."""
        had_bytes = self._had_bytes(region)
        known = [self.known[number] for number in numbers if self._may_be_copied(number)]
        original, copied_bytes = self._original_of(region, known)
        if original is None:
            return replace(region, new_bytes=max(0, region.size_bytes - had_bytes))
        new_bytes = max(0, copied_bytes - had_bytes)
        return replace(region, kind="verbatim", copy_of=original.origin, new_bytes=new_bytes)

    def _original_of(self, region: Region, known: Sequence[Region]) -> tuple[Region | None, int]:
        """What a region's bytes are a copy of, and how many of them are."""
        for original in known:
            whole = original.size_bytes >= region.size_bytes and self._in_place(original)
            if whole and self._images.stands_in(region, original):
                return original, region.size_bytes
        for original in known:
            large = original.size_bytes >= _LARGE * self.least_bytes
            if large and 2 * region.size_bytes > original.size_bytes and self._in_place(original):
                copied_bytes = self._images.shared_bytes(region, original)
                if copied_bytes:
                    return original, copied_bytes
        return None, 0

    def _had_bytes(self, region: Region) -> int:
        """What has been counted of a bytearray before it grew."""
        if region.array is None:
            return 0
        return sum(
            other.new_bytes
            for other in self.known
            if other.array is region.array and other.size_bytes < region.size_bytes
        )

    def _in_place(self, region: Region) -> bool:
        """Whether the region's memory may still be looked at: a map not closed, an array not moved."""
        if region.is_mapped:
            # Whatever is remembered: to look at memory that is mapped no more would end the process.
            there = self.maps.at_now(region.start)
            if region.map is not None:
                return there is not None and there.is_of(region.map)
            return any(start <= region.start < end for start, end in spaces())
        if region.array is None:
            return True
        return any(
            buffer.start == region.start and buffer.size_bytes >= region.size_bytes
            for buffer in buffers_of(region.array)
        )
