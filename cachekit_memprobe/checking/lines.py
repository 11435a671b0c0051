"""Where a value stands in a TOML text, and the same text with another one in its place.

No parser of TOML tells positions, so it is asked by experiment: another value is put where the text may have
it, and the place is the right one if the document that the parser makes of that differs in this value alone.
So strings, comments and keys that look like others can't mislead it, and nothing is guessed.
"""

import copy
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Path = tuple[str | int, ...]
"""The keys that lead to a value, and numbers of elements of arrays: ``("budget", "*", "rss", "peak")``."""

_OTHER = "cachekit-memprobe-was-here"
"""A text, and a bare key, that no file has."""


class Text:
    """A text that is TOML."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines: dict[Path, int | None] = {}

    @cached_property
    def document(self) -> dict[str, Any]:
        """As the standard library reads it; numbers with a point are texts, as one doesn't equal itself."""
        return _parsed(self.text)

    def line(self, path: Path) -> int:
        """The line, from 1, in which a key stands, or an element of an array that is a string.

        Of a table it is its heading; without one, its first key. Of what isn't there, or is written in a way
        that isn't found, it is that of the table or the array that it belongs to; 1 if that has none.
        """
        while path:
            if _has(self.document, path) and (line := self._known_line(path)):
                return line
            path = path[:-1]
        return 1

    def with_string(self, path: Path, value: str) -> "Text":
        """The text with another string in place of one, in the same quotation marks.

        Raises:
            KeyError: there is no string at that path, or it is written with escapes or on several lines.
        """
        begin, end = self._span(path)
        quote = self.text[begin]
        return Text(f"{self.text[:begin]}{quote}{value}{quote}{self.text[end:]}")

    def _known_line(self, path: Path) -> int | None:
        if path not in self._lines:
            node = _at(self.document, path)
            begin = next(self._places(path, node), None)
            below = () if begin is not None else map(self._known_line, ((*path, key) for key in _keys(node)))
            first = min(filter(None, below), default=None)
            self._lines[path] = first if begin is None else self.text.count("\n", 0, begin) + 1
        return self._lines[path]

    def _places(self, path: Path, node: Any) -> Iterator[int]:
        """Where a key is, or an element of an array, or the heading of a table."""
        if isinstance(node, dict):
            yield from self._headings(path)
        if isinstance(path[-1], str):
            yield from self._keys_at(path)
        if isinstance(node, str):
            yield from (begin for begin, _ in self._spans(path))

    def _span(self, path: Path) -> tuple[int, int]:
        """From where to where a string stands, with its quotation marks."""
        if isinstance(_at(self.document, path), str):
            for span in self._spans(path):
                return span
        raise KeyError(path)

    def _spans(self, path: Path) -> Iterator[tuple[int, int]]:
        expected = copy.deepcopy(self.document)
        _at(expected, path[:-1])[path[-1]] = _OTHER
        value = re.escape(_at(self.document, path))
        key = rf"{_written(path[-1])}[ \t]*=[ \t]*" if isinstance(path[-1], str) else ""
        # With its key in front first, as there may be many values like it.
        for in_front in dict.fromkeys((key, "")):
            for found in re.finditer(rf"{in_front}((['\"]){value}\2)", self.text):
                begin, end = found.span(1)
                if self._with(begin, end, f'"{_OTHER}"') == expected:
                    yield begin, end

    def _keys_at(self, path: Path) -> Iterator[int]:
        """Where the last key of a path stands, if that is in one place."""
        *above, last = path
        expected = copy.deepcopy(self.document)
        table = _at(expected, above)
        table[_OTHER] = table.pop(last)
        for found in re.finditer(_written(last), self.text):
            if self._with(found.start(), found.end(), _OTHER) == expected:
                yield found.start()

    def _headings(self, path: Path) -> Iterator[int]:
        """Where the heading of a table stands: a key below it is one of that table."""
        expected = copy.deepcopy(self.document)
        _at(expected, path)[_OTHER] = _OTHER
        for found in re.finditer(r"^[ \t]*(\[)[^\n]*$", self.text, re.MULTILINE):
            if self._with(found.end(), found.end(), f'\n{_OTHER} = "{_OTHER}"') == expected:
                yield found.start(1)

    def _with(self, begin: int, end: int, other: str) -> dict[str, Any] | None:
        """The document with something else in a place; ``None`` if that is none."""
        try:
            return _parsed(self.text[:begin] + other + self.text[end:])
        except ValueError:
            return None


def _parsed(text: str) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=str)


def _written(key: str | int) -> str:
    """A pattern for how a key may be written, bare or in quotation marks."""
    text = re.escape(str(key))
    return rf"(?:\"{text}\"|'{text}'|(?<![\w-]){text}(?![\w-]))"


def _keys(node: Any) -> Iterator[str | int]:
    if isinstance(node, dict):
        yield from node
    elif isinstance(node, list):
        yield from range(len(node))


def _has(node: Any, path: Path) -> bool:
    try:
        _at(node, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _at(node: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        node = node[part]
    return node
