"""What Arrow's pools other than the system's handed out, as blocks: memray doesn't see them being made."""

from cachekit_memprobe.attribution.block import Block
from cachekit_memprobe.child.seen import Note
from cachekit_memprobe.child.stages import Place

_ARENA_BYTES = 1 << 20
"""pymalloc's, which are maps too."""


class Pools:
    """Appends to ``blocks`` what the journal tells of the pools.

    The counters are read at the boundaries of the stages. When in between something was taken isn't known,
    so that it counts from the last boundary on: a peak may be too high by what the stage gave back before.
    """

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        self._alive: dict[str, list[Block]] = {}
        self._since = self._first = 0

    def begin(self, time: int) -> None:
        """A boundary, after which a stage begins or goes on."""
        self._since, self._first = time, len(self._blocks)

    def tell(self, position: Place, note: Note, time: int, *, is_after: bool = False) -> None:
        """What a pool has handed out since the last boundary, and what of it is still used.

        What is given back when the read has returned has outlived it; ``is_after`` is told of that.
        """
        alive = self._alive.setdefault(note.pool, [])
        change_bytes = note.alive_bytes - sum(block.size_bytes for block in alive)
        kept_bytes = min(max(0, change_bytes), note.size_bytes)
        place = self._place(position, note)
        if kept_bytes:
            block = Block(place, kept_bytes, kept_bytes, self._since, seen_by="pool", is_after=is_after)
            alive.append(block)
            self._blocks.append(block)
        if note.size_bytes > kept_bytes:
            gone_bytes = note.size_bytes - kept_bytes
            gone = Block(place, gone_bytes, gone_bytes, self._since, time, seen_by="pool", is_after=is_after)
            self._blocks.append(gone)
        if not is_after:
            self._give_back(alive, max(0, -change_bytes), time)

    def _place(self, position: Place, note: Note) -> Place:
        """The line that mapped memory for the pool, if it had to; those maps are no blocks then."""
        since = self._blocks[self._first :] if note.size_bytes else []
        maps = [
            block
            for block in since
            if block.is_map and block.backing is None and block.size_bytes > _ARENA_BYTES
        ]
        for block in maps:
            block.size_bytes = block.grown_bytes = 0
        if maps:
            return max(maps, key=lambda block: block.born).place
        return Place(position.stage, f"Arrow's {note.pool} pool")

    def _give_back(self, alive: list[Block], given_bytes: int, time: int) -> None:
        """The latest first; a part of a block is a block of its own from then on."""
        while given_bytes and alive:
            block = alive.pop()
            if block.size_bytes > given_bytes:
                rest_bytes = block.size_bytes - given_bytes
                rest = Block(block.place, rest_bytes, rest_bytes, block.born, seen_by="pool")
                block.size_bytes = block.grown_bytes = given_bytes
                alive.append(rest)
                self._blocks.append(rest)
            block.died = time
            given_bytes -= block.size_bytes
