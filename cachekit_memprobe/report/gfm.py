"""Pieces of Markdown as GitHub renders it: words as they are, tables, lists, blocks of code."""

import re
from collections.abc import Iterable, Sequence

from cachekit_memprobe.report.words import Column

LONGEST = 65_000
"""Characters. GitHub takes 65,536 for an issue or a comment."""

_SPECIAL = re.compile(
    r"[\\`*\[\]|~<]|(?<![^\W_])_|_(?![^\W_])|&(?=[#\w])|^[-+>](?=\s|$)|^>|^#(?=#*(?:\s|$))|^[-=](?=[-=\s]*$)|(?<=\s)#+$"
)
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_MADE_MORE_OF = re.compile(
    r"(?<!\w)@(?=\w)|@(?=[\w-]+\.)|(?<=:)//|(?<=www)\.|#(?=\d)|(?<=\bGH)-(?=\d)|\$"
    r"|:(?=(?:100|1234|8ball|[+-]1|[a-z][\w+-]*):)",
    re.IGNORECASE,
)
"""What GitHub makes a mention, an address, a link, a reference, a formula or an emoji of."""
_NOTHING = "\u200b"
"""A space of no width, which takes the meaning from it."""


def text(words: str) -> str:
    """Words as they are: nothing in them is Markdown, HTML, a mention, a link or a formula."""
    escaped = _NUMBERED.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", words))
    return _MADE_MORE_OF.sub(lambda found: f"{_NOTHING}{found.group()}{_NOTHING}", escaped)


def table(columns: Sequence[Column], rows: Iterable[Iterable[str]]) -> str:
    """A table of words."""
    return "\n".join([*head(columns), *(line(map(cell, row)) for row in rows)])


def head(columns: Sequence[Column]) -> tuple[str, str]:
    """The two lines that a table begins with."""
    return (
        line(text(column.name.replace("\n", " ")) for column in columns),
        line("---:" if column.is_figure else "---" for column in columns),
    )


def line(cells: Iterable[str]) -> str:
    """A row of a table, of cells in Markdown."""
    return f"| {' | '.join(cells)} |"


def cell(words: str) -> str:
    """Words in a cell, where a dash alone is no list."""
    return words if words == "-" else text(words)


def bullets(sentences: Iterable[str]) -> str:
    """A list of words."""
    return "\n".join(f"- {text(sentence)}" for sentence in sentences)


def fenced(block: str, language: str = "") -> str:
    """A block of code, in a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{block}\n{fence}"


def as_many_as_fit(blocks: Iterable[str], room: int) -> tuple[list[str], int]:
    """The blocks that there is room for, with two characters between them, and how many there is none for."""
    kept, left_out = [], 0
    for block in blocks:
        if len(block) + 2 > room:
            left_out += 1
            continue
        room -= len(block) + 2
        kept.append(block)
    return kept, left_out
