"""What each stack has on the heap when a read's is highest: what a flame graph is made of."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Flame:
    """One stack.

    Attributes:
        frames: function, file and line, the outermost first, and nothing from outside the read.
        allocations: how many blocks ``size_bytes`` are.
    """

    stage: str
    frames: tuple[tuple[str, str, int], ...]
    size_bytes: int
    allocations: int


@dataclass(frozen=True)
class Flames:
    """All stacks of one read, the largest first.

    Attributes:
        sources: the text of lines, by ``file:line``.
    """

    flames: tuple[Flame, ...]
    sources: Mapping[str, str]

    @property
    def size_bytes(self) -> int:
        return sum(flame.size_bytes for flame in self.flames)
