"""The heap of one read: its high-water mark, who held what there, and who allocated how much."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cachekit_memprobe.attribution.capture import Block, Place, Stream

_SMALL_BYTES = 128 * 1024
"""Blocks below this are parts of something: chunks of a socket, columns, objects."""


@dataclass(frozen=True)
class PlaceUse:
    """What one place allocated during the read.

    Attributes:
        copies_bytes: allocated; a block that grew counts its growth, and small blocks count what they
            came to together: 64 KiB received into a thousand times are one buffer, not a copy.
        live_bytes: what it held at the read's peak.
        held_bytes: what it still held when the read returned.
    """

    place: Place
    copies_bytes: int
    allocations: int
    live_bytes: int
    held_bytes: int


@dataclass(frozen=True)
class HeapUse:
    """What the read did to the heap; the places' copies add up to the read's, the largest first."""

    peak_bytes: int
    mapped_bytes: Mapping[Place, int]
    places: tuple[PlaceUse, ...]


def heap_of(stream: Stream) -> HeapUse:
    """Tell file maps from heap, and find the heap's peak and its composition."""
    mapped = [block for block in stream.blocks if _is_file_map(block, stream.file_maps)]
    file_maps = {id(block) for block in mapped}
    heap = [block for block in stream.blocks if id(block) not in file_maps]
    peak_bytes, peak_time = _high_water_mark(heap)
    counts, live, held = Counter[Place](), Counter[Place](), Counter[Place]()
    copies = _together(block for block in heap if block.size_bytes < _SMALL_BYTES)
    for block in heap:
        if block.size_bytes >= _SMALL_BYTES:
            copies[block.place] += block.grown_bytes
        counts[block.place] += 1
        if block.born <= peak_time and (block.died is None or block.died > peak_time):
            live[block.place] += block.size_bytes
        if block.died is None:
            held[block.place] += block.size_bytes
    places = [PlaceUse(place, copies[place], counts[place], live[place], held[place]) for place in counts]
    places.sort(key=lambda use: use.copies_bytes, reverse=True)
    return HeapUse(peak_bytes, _by_place(mapped), tuple(places))


def _is_file_map(block: Block, file_maps: Iterable[tuple[int, int]]) -> bool:
    if block.address is None:
        return False
    return any(start <= block.address < end for start, end in file_maps)


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


def _by_place(blocks: Iterable[Block]) -> Mapping[Place, int]:
    sizes = Counter[Place]()
    for block in blocks:
        sizes[block.place] += block.size_bytes
    return sizes
