"""What the read started and works on after it has returned, and what happens when its value is dropped."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cachekit_memprobe.attribution.block import Block
from cachekit_memprobe.attribution.heap import HeapUse, heap_of
from cachekit_memprobe.child.seen import Made, MemraySeen
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.model import Measurement

_LARGE = 0.25
"""Of the read's own peak: below it, the aftermath isn't what a peak comes from."""


@dataclass(frozen=True)
class Aftermath:
    """All of it in bytes, by line.

    Attributes:
        copies_bytes: allocated after the read had returned, as copies are counted.
        peak_bytes: the most of it that was allocated at one time.
        lines: who allocated it, the largest first.
        dropped: who had allocated how much at the highest heap while the value was dropped.
        lasting: what may never end, by name.
        started: where the read has started something.
        has_the_peak: with it, the heap got higher than it had been during the read.
    """

    copies_bytes: int
    peak_bytes: int
    lines: Sequence[Made]
    dropped: Sequence[Made]
    lasting: Sequence[str]
    started: Sequence[Place]
    has_the_peak: bool

    @property
    def drop_bytes(self) -> int:
        return sum(made.size_bytes for made in self.dropped)


def aftermath_of(measurement: Measurement, heap: HeapUse | None) -> Aftermath | None:
    """The aftermath of the read that memray followed; ``None`` if it didn't, or not as far as that."""
    seen = measurement.seen.memray
    if seen is None or heap is None or not any(note.event == "return" for note in seen.journal):
        return None
    use = heap_of([_located(block, seen) for block in heap.after])
    sizes = Counter[Place]()
    for one in use.places:
        sizes[one.place] += one.copies_bytes
    return Aftermath(
        copies_bytes=sizes.total(),
        peak_bytes=use.peak_bytes,
        lines=[Made(place, size) for place, size in sizes.most_common()],
        dropped=seen.dropped,
        lasting=seen.lasting,
        started=seen.started,
        has_the_peak=use.peak_bytes > _LARGE * heap.peak_bytes
        and use.peak_bytes + sum(place.survived_bytes for place in heap.places) > heap.peak_bytes,
    )


def _located(block: Block, seen: MemraySeen) -> Block:
    """A block with the line that started its thread, where no code of the target's was on its stack.

    An executor's thread that was there before the read says nothing of who gave it its work. If the read has
    handed out work in one place only, it was that.
    """
    if block.place.file or len(seen.started) != 1:
        return block
    return replace(block, place=seen.started[0])
