"""What a capture says of a read: its allocations, and where its threads were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cachekit_memprobe.child.seen import Backing
from cachekit_memprobe.child.stages import Place

SeenBy = Literal["", "thread", "pool"]
"""``thread``: a record of a thread that was in no stage; ``pool``: a counter of Arrow's."""

SMALL_BYTES = 128 * 1024
"""Blocks below this are parts of something: chunks of a socket, columns, objects."""

ARENA_BYTES = 1 << 20
"""What Python maps at once for its small objects."""

Frame = tuple[str, str, int]
"""A function, its file and a line of it."""


@dataclass
class Block:
    """One allocation of the read.

    Attributes:
        grown_bytes: its size, or by how much it outgrew the block that it was resized from.
        born: its place in the stream.
        died: likewise; ``None`` when it outlived the read.
        is_map: taken from the kernel by a library, not from malloc and not by Python's mmap.
        backing: of a map: of a file, or of shared memory. Only what the read ``made`` of it took memory.
        is_after: it was allocated when the read had returned, by what that had started.
        native: what native code made it, of a large block in a capture with native stacks; else empty.
        seen_by: how it is known, if not by a record of its own thread in a stage.
        stack: the number of its stack in its capture's, if those were asked for, and it has one.
    """

    place: Place
    size_bytes: int
    grown_bytes: int
    born: int
    died: int | None = None
    is_map: bool = False
    backing: Backing | None = None
    is_after: bool = False
    native: str = ""
    seen_by: SeenBy = ""
    stack: int | None = None

    @property
    def is_heap(self) -> bool:
        """It took memory: it is no map of what was there before."""
        return self.backing in (None, "made")

    @property
    def is_arena(self) -> bool:
        """Python's allocator took it for small objects; its size is all that tells."""
        return self.is_map and self.backing is None and self.size_bytes == ARENA_BYTES

    def lives_at(self, time: int) -> bool:
        return self.born <= time and (self.died is None or self.died > time)


@dataclass(frozen=True)
class Move:
    """A thread that reads enters a stage, or leaves all of them: it is in ``other`` then.

    Attributes:
        at: its place in the stream.
        thread: a number of its own, from 0 on.
    """

    at: int
    thread: int
    stage: str


@dataclass(frozen=True)
class Capture:
    """One read and its aftermath: ``blocks`` in order, ``moves`` of the read itself.

    Attributes:
        stacks: of the blocks, if they were asked for; see :mod:`.stacks`.
    """

    blocks: Sequence[Block]
    moves: Sequence[Move]
    stacks: Sequence[tuple[Frame, ...]] = ()
