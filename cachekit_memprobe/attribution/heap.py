"""The heap of one read: its high-water mark, who held what there, and who allocated how much."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cachekit_memprobe.attribution.block import SMALL_BYTES, Block, SeenBy
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.result import Part


@dataclass(frozen=True)
class PlaceUse:
    """What one place allocated during the read.

    Attributes:
        copies_bytes: allocated; a block that grew counts its growth, and small blocks count what they
            came to together: 64 KiB received into a thousand times are one buffer, not a copy.
        live_bytes: what it held at the read's peak.
        survived_bytes: what it still held when the read returned.
        mapped_bytes: what it mapped from files, which is no part of the others.
        recycled_bytes: what small blocks came to beyond that, each in the place of one that was freed.
        small_bytes: the part of ``copies_bytes`` that is of small blocks.
        arenas: how many of its blocks are those in which Python keeps small objects.
        seen_by: how most of it is known, if not by records of its own thread.
        shared_bytes: what it mapped of shared memory; what the read made of it is also part of the others.
        parts: its large blocks by the native code that made them, the largest first; empty if that is not
            known, or is the same of all.
    """

    place: Place
    copies_bytes: int
    allocations: int
    live_bytes: int
    survived_bytes: int
    mapped_bytes: int = 0
    seen_by: SeenBy = ""
    recycled_bytes: int = 0
    small_bytes: int = 0
    arenas: int = 0
    shared_bytes: int = 0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class HeapUse:
    """What the read did to the heap; the places' copies add up to the read's, the largest first.

    Attributes:
        after: the blocks of the read's aftermath, which are no part of the rest.
        stage_peaks: by stage, the most heap that there was while the read was in it.
    """

    peak_bytes: int
    places: tuple[PlaceUse, ...]
    after: tuple[Block, ...] = ()
    stage_peaks: Mapping[str, int] = field(default_factory=dict)

    @property
    def mapped_bytes(self) -> int:
        """File-mapped by the whole read."""
        return sum(use.mapped_bytes for use in self.places)

    @property
    def shared_bytes(self) -> int:
        """Mapped of shared memory by the whole read."""
        return sum(use.shared_bytes for use in self.places)


def heap_of(blocks: Sequence[Block]) -> HeapUse:
    """Find the heap's peak and its composition; maps of what was there before stand apart."""
    heap = [block for block in blocks if block.is_heap]
    peak_bytes, peak_time = _high_water_mark(heap)
    counts, live, survived = Counter[Place](), Counter[Place](), Counter[Place]()
    maps = _sizes_by_place(block for block in blocks if block.backing == "file")
    shared = _sizes_by_place(block for block in blocks if block.backing in ("shared", "made"))
    seen_by = {block.place: block.seen_by for block in sorted(heap, key=lambda block: block.size_bytes)}
    pieces = [block for block in heap if block.size_bytes < SMALL_BYTES]
    small, together = _sizes_by_place(pieces), _together(pieces)
    copies = together.copy()
    arenas = Counter(block.place for block in heap if block.is_arena)
    for block in heap:
        if block.size_bytes >= SMALL_BYTES:
            copies[block.place] += block.grown_bytes
        counts[block.place] += 1
        if block.lives_at(peak_time):
            live[block.place] += block.size_bytes
        if block.died is None:
            survived[block.place] += block.size_bytes
    parts = _parts_by_place(heap)
    places = [
        PlaceUse(
            place,
            copies_bytes=copies[place],
            allocations=counts[place],
            live_bytes=live[place],
            survived_bytes=survived[place],
            mapped_bytes=maps[place],
            shared_bytes=shared[place],
            seen_by=seen_by.get(place, ""),
            recycled_bytes=small[place] - together[place],
            small_bytes=together[place],
            arenas=arenas[place],
            parts=parts.get(place, ()),
        )
        for place in counts | maps | shared
    ]
    places.sort(key=_size_of, reverse=True)
    return HeapUse(peak_bytes, tuple(places))


def at_peak(blocks: Sequence[Block]) -> list[Block]:
    """What is on the heap when it is highest."""
    heap = [block for block in blocks if block.is_heap]
    _, peak_time = _high_water_mark(heap)
    return [block for block in heap if block.lives_at(peak_time)]


def _size_of(use: PlaceUse) -> tuple[int, int]:
    return use.copies_bytes + use.mapped_bytes + use.shared_bytes, use.copies_bytes


def _parts_by_place(blocks: Iterable[Block]) -> Mapping[Place, tuple[Part, ...]]:
    """Of the places whose large blocks were made by different native code."""
    sizes: dict[Place, dict[str, list[int]]] = {}
    for block in blocks:
        if block.native:
            sizes.setdefault(block.place, {}).setdefault(block.native, []).append(block.grown_bytes)
    return {
        place: tuple(
            sorted(
                (Part(native, sum(grown), len(grown)) for native, grown in by_native.items()),
                key=lambda part: part.copies_bytes,
                reverse=True,
            )
        )
        for place, by_native in sizes.items()
        if len(by_native) > 1
    }


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
