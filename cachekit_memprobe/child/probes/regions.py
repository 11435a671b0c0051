"""Memory by address: which regions a read has shown, and whether one is a copy of another."""

import ctypes
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from cachekit_memprobe.child.probes.buffers import Buffer, buffers_of, is_arrow_table
from cachekit_memprobe.child.probes.maps import Map, Maps, now
from cachekit_memprobe.child.seen import BlockKind, Origin, OriginKind

_NEEDLE_BYTES = 64
_VAIN_SEARCHES = 16
"""One after the other in a region, after which no more are made in it: a search reads all of it."""
_LIBC = ctypes.CDLL(None)
_LIBC.memcmp.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
_LIBC.memmem.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]
_LIBC.memmem.restype = ctypes.c_void_p


@dataclass(frozen=True)
class Region:
    """A known span of memory.

    Attributes:
        origin: what it is to a block that is copied from it.
        copy_of: what it is a copy of itself; ``None`` when it isn't one.
        array: the bytearray that it lies in, which may be moved; ``None`` elsewhere.
        map: that it lies in, which may be closed; ``None`` elsewhere.
    """

    start: int
    size_bytes: int
    kind: BlockKind
    origin: Origin
    copy_of: Origin | None = None
    array: bytearray | None = field(default=None, compare=False, repr=False)
    map: Map | None = field(default=None, compare=False, repr=False)

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
        self._vain: Counter[int] = Counter()
        self._found_at: dict[int, int] = {}

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
            self._remember(buffer, "received", Origin(kind, buffer.size_bytes), mapped=mapped)
            return None
        original = self._original_of(buffer, self.known)
        origin = Origin("made", buffer.size_bytes, type(buffer.owner).__name__)
        if original is not None:
            return self._remember(buffer, "verbatim", origin, copy_of=original.origin, mapped=mapped)
        return self._remember(buffer, "received" if received else "transformed", origin, mapped=mapped)

    def second_look(self, region: Region) -> Region:
        """The region, judged again: memory is often made first and filled afterwards.

        It is compared with what was known before it, since what came later may be a copy of it.
        """
        number = next(index for index, other in enumerate(self.known) if other is region)
        if region.kind == "verbatim" or not self._in_place(region):
            return region
        original = self._original_of(Buffer(region.start, region.size_bytes, None), self.known[:number])
        if original is not None:
            self.known[number] = replace(region, kind="verbatim", copy_of=original.origin)
        return self.known[number]

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
        return [region for region in self.known if region.map is not None]

    def _remember(
        self,
        buffer: Buffer,
        kind: BlockKind,
        origin: Origin,
        *,
        copy_of: Origin | None = None,
        mapped: Map | None = None,
    ) -> Region:
        array = buffer.owner if type(buffer.owner) is bytearray else None
        region = Region(buffer.start, buffer.size_bytes, kind, origin, copy_of, array, mapped)
        self._numbers[region.start, region.size_bytes] = len(self.known)
        self.known.append(region)
        if mapped is None:
            self.owners.append(buffer.owner)
        return region

    def _original_of(self, buffer: Buffer, regions: Iterable[Region]) -> Region | None:
        for region in regions:
            fits = region.size_bytes >= buffer.size_bytes
            if fits and self._in_place(region) and self._stands_in(buffer, region):
                return region
        return None

    def _in_place(self, region: Region) -> bool:
        """Whether the region's memory may still be looked at: a map not closed, an array not moved."""
        if region.map is not None:
            # Whatever is remembered: to look at memory that is mapped no more would end the process.
            there = self.maps.at_now(region.start)
            return there is not None and there.is_of(region.map)
        if region.array is None:
            return True
        return any(
            buffer.start == region.start and buffer.size_bytes >= region.size_bytes
            for buffer in buffers_of(region.array)
        )

    def _stands_in(self, buffer: Buffer, region: Region) -> bool:
        """Whether a buffer's bytes stand somewhere in a region: at its end, its start, or found inside."""
        room = region.size_bytes - buffer.size_bytes
        if _equal(buffer, region.start + room):
            return True
        if room == 0:  # as with the thousand columns of a frame: there is no other place
            return False
        if _equal(buffer, region.start):
            return True
        if self._vain[region.start] >= _VAIN_SEARCHES:
            return False
        # Columns are copied one after the other: the next one mostly stands behind the last one.
        behind = self._found_at.get(region.start, region.start)
        found = _found(buffer, behind, region.end) or _found(buffer, region.start, region.end)
        self._vain[region.start] = 0 if found else self._vain[region.start] + 1
        if found:
            self._found_at[region.start] = found + buffer.size_bytes
        return bool(found)


def _found(buffer: Buffer, start: int, end: int) -> int | None:
    """Where a buffer's bytes stand between two addresses; they are taken by their first few."""
    found: int | None = _LIBC.memmem(start, end - start, buffer.start, _NEEDLE_BYTES)
    whole = found is not None and found + buffer.size_bytes <= end and _equal(buffer, found)
    return found if whole else None


def _equal(buffer: Buffer, address: int) -> bool:
    return bool(_LIBC.memcmp(buffer.start, address, buffer.size_bytes) == 0)
