"""What the aliasing instrument has proven, brought together with the allocations that memray saw.

The two watched different processes, so that a block is matched by its stage, its line and its size. What
memray saw nowhere is a copy all the same: it was made into memory that no allocation of the read tells of.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cachekit_memprobe.attribution import block as heap_block
from cachekit_memprobe.attribution.heap import heap_of
from cachekit_memprobe.child.seen import Block
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.result import MemoryOf

_MADE_OF = 0.95
"""Of a block: what a line has to have allocated to have made it."""
_OVERHEAD_BYTES = 64 << 10
"""Beside its data, of a block that another thread allocated for it."""

Line = tuple[str, str, int]
"""Stage, file, line."""


@dataclass(frozen=True)
class Elsewhere:
    """Bytes that a line copied into memory that the read didn't allocate."""

    place: Place
    size_bytes: int
    memory_of: MemoryOf


@dataclass(frozen=True)
class Proofs:
    """What is proven of one read.

    Attributes:
        kinds: by line, what its new memory is, in bytes.
        places: the same lines as places.
        verbatim_bytes: by stage, whichever memory the copies were made into.
        elsewhere: the copies that no allocation was found for; empty when memray didn't run.
    """

    kinds: Mapping[Line, Counter[str]]
    places: Mapping[Line, Place]
    verbatim_bytes: Mapping[str, int]
    elsewhere: tuple[Elsewhere, ...]


def bring_together(proven: Sequence[Block], blocks: list[heap_block.Block] | None, readers: int) -> Proofs:
    """Match what was proven with what was allocated.

    Args:
        blocks: memray's, changed where a proof tells more of them than their own record: the stage that an
            allocation of another thread, or one of the decorator's, was made for. ``None`` without memray.
        readers: the aliasing instrument follows one reader; each of the others makes the same blocks.
    """
    proven = [replace(block, size_bytes=block.size_bytes * readers) for block in proven]
    verbatim = Counter[str]()
    for block in proven:
        if block.kind == "verbatim":
            verbatim[block.place.stage] += block.size_bytes
    kinds: dict[Line, Counter[str]] = {}
    places: dict[Line, Place] = {}
    elsewhere: list[Elsewhere] = []
    matches = _unmatched(proven) if blocks is None else _Ledger(blocks, proven, readers).matches(proven)
    for match in matches:
        line = line_of(match.place)
        places.setdefault(line, match.place)
        kinds.setdefault(line, Counter())[match.block.kind] += match.block.size_bytes
        if match.block.kind == "verbatim" and match.lacking_bytes:
            memory_of: MemoryOf = "before" if match.block.was_there else "unseen"
            elsewhere.append(Elsewhere(match.place, match.lacking_bytes, memory_of))
    return Proofs(kinds, places, verbatim, tuple(elsewhere))


@dataclass(frozen=True)
class _Match:
    """``lacking_bytes`` of the block are on no record of memray's."""

    block: Block
    place: Place
    lacking_bytes: int = 0


def _unmatched(proven: Sequence[Block]) -> Iterator[_Match]:
    for block in proven:
        yield _Match(block, block.place)


def line_of(place: Place) -> Line:
    """Two functions may have the same line, such as a lambda and what it stands in."""
    return place.stage, place.file, place.line


class _Ledger:
    """What memray saw, and how much of it no proof accounts for yet."""

    def __init__(self, blocks: list[heap_block.Block], proven: Sequence[Block], readers: int) -> None:
        self._readers = readers
        for block in proven:
            if block.seen_in not in ("", block.place.stage):
                _rebook(blocks, block)
        self._strays = [block for block in blocks if block.seen_by and block.is_heap]
        self._taken: dict[int, float] = defaultdict(float)
        self._left = {use.place: use.copies_bytes for use in heap_of(blocks).places}

    def matches(self, proven: Sequence[Block]) -> Iterator[_Match]:
        for block in proven:
            place = self._made_by(block)
            if place is not None:
                self._left[place] -= block.size_bytes
                yield _Match(block, place)
            elif self._adopt(block):
                yield _Match(block, block.place)
            elif (elsewhere := self._made_unseen(block)) is not None:
                self._left[elsewhere] -= block.size_bytes
                yield _Match(block, elsewhere)
            else:
                yield self._lacking(block)

    def _made_by(self, block: Block) -> Place | None:
        """Of the lines of the block's statement, the one on which memray saw most of the allocations.

        A block is seen once a name leads to it, which may be a statement or two after its memory was taken.
        If its own allocated too little, it is the last one before it in the function that can have made it;
        of memory that was there before, no other line has.
        """
        made_bytes = _MADE_OF * block.size_bytes
        largest = self._largest_of_statement(block)
        if largest is not None and self._left[largest] >= made_bytes:
            return largest
        earlier = [
            place
            for place, left_bytes in self._left.items()
            if (place.stage, place.file, place.function)
            == (block.place.stage, block.place.file, block.place.function)
            and place.line < block.statement[0]
            and left_bytes >= made_bytes
            and not block.was_there
        ]
        return max(earlier, key=lambda place: place.line, default=None)

    def _largest_of_statement(self, block: Block) -> Place | None:
        first, last = block.statement
        own = [
            place
            for place in self._left
            if (place.stage, place.file) == (block.place.stage, block.place.file)
            and first <= place.line <= last
        ]
        return max(own, key=lambda place: self._left[place], default=None)

    def _adopt(self, block: Block) -> bool:
        """Give the line what another thread allocated for it, or what it took of another pool."""
        wanted_bytes = block.size_bytes / self._readers
        for _ in range(self._readers):
            found = next((stray for stray in self._strays if self._fits(stray, block, wanted_bytes)), None)
            if found is None:
                return False
            self._taken[id(found)] += wanted_bytes
            if found.seen_by == "thread":
                self._strays.remove(found)
            if not found.place.file:
                found.place = block.place
        return True

    def _fits(self, stray: heap_block.Block, block: Block, wanted_bytes: float) -> bool:
        """A thread's allocation by its size; what a stage took of a pool holds several."""
        if stray.seen_by == "pool":
            left_bytes = stray.size_bytes - self._taken[id(stray)]
            return stray.place.stage == block.place.stage and left_bytes >= _MADE_OF * wanted_bytes
        return _MADE_OF * wanted_bytes <= stray.size_bytes <= wanted_bytes / _MADE_OF + _OVERHEAD_BYTES

    def _made_unseen(self, block: Block) -> Place | None:
        """Of new addresses, another line of the stage that allocated just as much, as a helper may have."""
        if block.was_there:
            return None
        same = [
            place
            for place, left_bytes in self._left.items()
            if place.stage == block.place.stage
            and _MADE_OF * block.size_bytes <= left_bytes <= block.size_bytes / _MADE_OF
        ]
        return max(same, key=lambda place: self._left[place], default=None)

    def _lacking(self, block: Block) -> _Match:
        """Of a block that was allocated nowhere: the line may have taken a part of it."""
        largest = self._largest_of_statement(block)
        left_bytes = 0 if largest is None else self._left[largest]
        if largest is not None and left_bytes >= (1 - _MADE_OF) * block.size_bytes:
            self._left[largest] = 0
            return _Match(block, largest, block.size_bytes - left_bytes)
        filled = block.filled or block.place
        return _Match(block, replace(filled, stage=block.place.stage), block.size_bytes)


def _rebook(blocks: list[heap_block.Block], proof: Block) -> None:
    """What a statement of the decorator's allocated is the stage's that the proof names."""
    first, last = proof.statement
    for block in blocks:
        place = block.place
        same = (place.stage, place.file) == (proof.seen_in, proof.place.file)
        if same and first <= place.line <= last:
            block.place = replace(place, stage=proof.place.stage)
