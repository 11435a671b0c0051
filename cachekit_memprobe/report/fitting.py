"""Which parts of a document stay where there is no room for all."""

from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST = 16_000
"""A part that is longer, by an endless reason, say, may be missing without all that matter less."""


@dataclass(frozen=True)
class Part:
    """A paragraph or more; of parts that don't all fit, those with the smaller rank stay.

    Attributes:
        rank: how little it matters, and the order among those that matter alike. If one doesn't fit, none
            that matters less takes its room.
        kind: of what is missing without it.
        name: of the scenario, if it is one.
    """

    text: str
    rank: tuple[int, float] = (0, 0.0)
    kind: str = ""
    name: str = ""


def fitting(parts: Sequence[Part], room: int) -> set[int]:
    """The places of the parts that stay, with two characters between them."""
    kept: set[int] = set()
    last = max(part.rank[0] for part in parts)
    for number, part in sorted(enumerate(parts), key=lambda one: one[1].rank):
        if part.rank[0] > last:
            break
        if len(part.text) + 2 <= room:
            kept.add(number)
            room -= len(part.text) + 2
        elif part.name and len(part.text) <= _LONGEST:
            last = part.rank[0]
    return kept


def some_of(names: Sequence[str], room: int) -> str:
    """As many of the names as there is room for; empty if there is none."""
    listed = ""
    for number, name in enumerate(names):
        more = f"{listed}, {name}" if listed else name
        if len(more) > room:
            return f"{listed} and {len(names) - number} more" if listed else ""
        listed = more
    return listed
