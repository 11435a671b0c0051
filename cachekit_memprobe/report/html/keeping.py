"""Who keeps whom, as SVG: keepers on the left, what they keep on the right, as wide as it is large."""

from collections.abc import Sequence
from dataclasses import dataclass

from cachekit_memprobe.report.html.plot import Label
from cachekit_memprobe.report.words.keeping import Keeping

_ROW, _BOX = 30, 22
_LEFT, _MOST_WIDTH = 230, 160
"""Where what is kept begins, and how wide the largest of it is."""
KEEPER_WIDTH = 150


@dataclass(frozen=True)
class Box:
    """A keeper, or what is kept."""

    y: int
    width: int
    label: Label


@dataclass(frozen=True)
class Links:
    """All that is drawn of who keeps whom; ``links`` is one path, from keepers to what they keep."""

    keepers: tuple[Box, ...]
    kept: tuple[Box, ...]
    links: str
    height: int


def links_of(keeping: Sequence[Keeping]) -> Links | None:
    """``None`` if nothing is kept. What two keep, such as the frame, is drawn once."""
    if not keeping:
        return None
    largest = max(one.payloads for one in keeping)
    memory = {one.memory: one for one in reversed(keeping)}
    rows = {name: number * _ROW for number, name in enumerate(dict.fromkeys(one.memory for one in keeping))}
    keepers = {
        name: number * _ROW for number, name in enumerate(dict.fromkeys(one.keeper for one in keeping))
    }
    kept = []
    for name, y in rows.items():
        width = max(2, round(_MOST_WIDTH * memory[name].payloads / largest))
        kept.append(Box(y, width, Label(_LEFT + width + 6, y + 15, memory[name].words)))
    return Links(
        keepers=tuple(Box(y, KEEPER_WIDTH, Label(8, y + 15, name)) for name, y in keepers.items()),
        kept=tuple(kept),
        links="".join(_link(keepers[one.keeper], rows[one.memory]) for one in keeping),
        height=max(len(rows), len(keepers)) * _ROW,
    )


def _link(begin: int, end: int) -> str:
    y, middle = begin + _BOX // 2, (KEEPER_WIDTH + _LEFT) // 2
    return f"M{KEEPER_WIDTH} {y}C{middle} {y} {middle} {end + _BOX // 2} {_LEFT} {end + _BOX // 2}"
