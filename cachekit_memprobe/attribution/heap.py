"""The heap of one read: its high-water mark, who held what there, and who allocated how much."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cachekit_memprobe.attribution.capture import Block
from cachekit_memprobe.child.stages import Place

_SMALL_BYTES = 128 * 1024
"""Blocks below this are parts of something: chunks of a socket, columns, objects."""


@dataclass(frozen=True)
class PlaceUse:
    """What one place allocated during the read.

    Attributes:
        copies_bytes: allocated; a block that grew counts its growth, and small blocks count what they
            came to together: 64 KiB received into a thousand times are one buffer, not a copy.
        live_bytes: what it held at the read's peak.
        survived_bytes: what it still held when the read returned.
        mapped_bytes: what it mapped from files, which is no part of the others.
    """

    place: Place
    copies_bytes: int
    allocations: int
    live_bytes: int
    survived_bytes: int
    mapped_bytes: int = 0


@dataclass(frozen=True)
class HeapUse:
    """What the read did to the heap; the places' copies add up to the read's, the largest first.

    Attributes:
        after: the blocks of the read's aftermath, which are no part of the rest.
    """

    peak_bytes: int
    places: tuple[PlaceUse, ...]
    after: tuple[Block, ...] = ()

    @property
    def mapped_bytes(self) -> int:
        """File-mapped by the whole read."""
        return sum(use.mapped_bytes for use in self.places)


def heap_of(blocks: Sequence[Block]) -> HeapUse:
    """Find the heap's peak and its composition; file maps stand apart."""
    heap = [block for block in blocks if not block.is_file_map]
    peak_bytes, peak_time = _high_water_mark(heap)
    counts, live, survived = Counter[Place](), Counter[Place](), Counter[Place]()
    maps = _sizes_by_place(block for block in blocks if block.is_file_map)
    copies = _together(block for block in heap if block.size_bytes < _SMALL_BYTES)
    for block in heap:
        if block.size_bytes >= _SMALL_BYTES:
            copies[block.place] += block.grown_bytes
        counts[block.place] += 1
        if block.born <= peak_time and (block.died is None or block.died > peak_time):
            live[block.place] += block.size_bytes
        if block.died is None:
            survived[block.place] += block.size_bytes
    places = [
        PlaceUse(place, copies[place], counts[place], live[place], survived[place], maps[place])
        for place in counts | maps
    ]
    places.sort(key=lambda use: (use.copies_bytes + use.mapped_bytes, use.copies_bytes), reverse=True)
    return HeapUse(peak_bytes, tuple(places))


def _high_water_mark(blocks: Iterable[Block]) -> tuple[int, int]:
    """The highest sum of live sizes, and the time in the stream at which it was first reached."""
    changes: list[tuple[int, int]] = []
    for block in blocks:
        changes.append((block.born, block.size_bytes))
        if block.died is not None:
            changes.append((block.died, -block.size_bytes))
    live_bytes = peak_bytes = peak_time = 0
    for time, change_bytes in sorted(changes):
        live_bytes += change_bytes
        if live_bytes > peak_bytes:
            peak_bytes, peak_time = live_bytes, time
    return peak_bytes, peak_time


def _together(blocks: Iterable[Block]) -> Counter[Place]:
    """The highest sum of live sizes at each place."""
    of_place: dict[Place, list[Block]] = {}
    for block in blocks:
        of_place.setdefault(block.place, []).append(block)
    return Counter({place: _high_water_mark(found)[0] for place, found in of_place.items()})


def _sizes_by_place(blocks: Iterable[Block]) -> Counter[Place]:
    sizes = Counter[Place]()
    for block in blocks:
        sizes[block.place] += block.size_bytes
    return sizes
