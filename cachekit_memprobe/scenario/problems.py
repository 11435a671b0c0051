"""How a problem in a scenario file is put into words, in the spelling of TOML."""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_VALUE = 60
_LONGEST_ARRAY = 4
_WIDEST_INTEGER_BITS = 128
"""Python refuses to print an integer of thousands of digits, and nobody wants to read one."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a scenario file.

    Attributes:
        where: the table and the key, see :func:`place`.
        found: as :func:`toml` spells it.
    """

    where: str
    expected: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}; {self.remedy}"


def place(table: str, *path: str) -> str:
    """``[value] size``, ``[budget] "rss.peak".level``, or ``top-level summary`` when ``table`` is empty."""
    key = dotted(path)
    if not table:
        return f"top-level {key}"
    return f"[{dotted((table,))}] {key}".rstrip()


def dotted(path: Iterable[str]) -> str:
    """A key as TOML spells it; a part that has a dot or a blank in it is quoted."""
    return ".".join(part if _BARE_KEY.fullmatch(part) else _quoted(part) for part in path)


def toml(value: object) -> str:
    """A value as TOML spells it, on one line and not too long; a table only by its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return _array(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > _WIDEST_INTEGER_BITS:
        return "a very large integer"
    return _quoted(value) if isinstance(value, str) else str(value)


def one_of(options: Sequence[object]) -> str:
    """``one of "a", "b"``, or the only option there is."""
    listed = ", ".join(toml(option) for option in options)
    return listed if len(options) == 1 else f"one of {listed}"


def closest(word: str, options: Iterable[str]) -> tuple[str, ...]:
    """At most three options that look like the word, the likeliest first."""
    return tuple(difflib.get_close_matches(word, list(options), n=3))


def did_you_mean(matches: Sequence[str]) -> str:
    """The question ``did you mean a, b or c?``."""
    *others, last = matches
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"


def printable(text: str) -> str:
    """The text, escaped if a terminal could not show it, such as a path that is not UTF-8."""
    return text if text.isprintable() else ascii(text)


def _array(values: list[object]) -> str:
    if len(values) > _LONGEST_ARRAY or any(isinstance(value, (dict, list)) for value in values):
        return "an array"
    return f"[{', '.join(toml(value) for value in values)}]"


def _quoted(text: str) -> str:
    shown = text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "..."
    return json.dumps(shown, ensure_ascii=not shown.isprintable())
