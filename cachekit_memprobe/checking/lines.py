"""Where a value stands in a TOML text, and the same text with another one in its place.

No parser of TOML tells positions, so it is asked by experiment: another value is put where the text may have
it, and the place is the right one if the document that the parser makes of that differs in this value alone.
So strings, comments and keys that look like others can't mislead it, and nothing is guessed.
"""

import copy
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Path = tuple[str | int, ...]
"""The keys that lead to a value, and numbers of elements of arrays: ``("budget", "*", "rss", "peak")``."""

_Span = tuple[int, int]
_MOST_TRIES = 200
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
            found = self._place(path, node)
            if found is None:
                below = [self._known_line((*path, key)) for key in _keys(node)]
                self._lines[path] = min(filter(None, below), default=None)
            else:
                self._lines[path] = self.text.count("\n", 0, found[0]) + 1
        return self._lines[path]

    def _place(self, path: Path, node: Any) -> _Span | None:
        """Where the heading of a table is, or a key, or an element of an array."""
        found = self._heading(path) if isinstance(node, dict) else None
        if found is None and isinstance(path[-1], str):
            found = self._key(path)
        return self._value(path) if found is None and isinstance(node, str) else found

    def _span(self, path: Path) -> _Span:
        """From where to where a string stands, with its quotation marks."""
        found = self._value(path) if isinstance(_at(self.document, path), str) else None
        if found is None:
            raise KeyError(path)
        return found

    def _value(self, path: Path) -> _Span | None:
        """Where a string stands that is written as it is."""
        expected = copy.deepcopy(self.document)
        _at(expected, path[:-1])[path[-1]] = _OTHER
        value = re.escape(_at(self.document, path))
        spans = [found.span() for found in re.finditer(rf"(['\"]){value}\1", self.text)]
        return self._proven(spans, '"{0}"', expected, lambda other: str(_at(other, path)))

    def _key(self, path: Path) -> _Span | None:
        """Where the last key of a path stands, if that is in one place."""
        *above, last = path
        expected = copy.deepcopy(self.document)
        table = _at(expected, above)
        table[_OTHER] = table.pop(last)
        spans = [found.span() for found in re.finditer(_written(last), self.text)]
        return self._proven(spans, "{0}", expected, lambda other: _marked(_at(other, above)))

    def _heading(self, path: Path) -> _Span | None:
        """Where the heading of a table ends: a key below it is one of that table."""
        expected = copy.deepcopy(self.document)
        _at(expected, path)[_OTHER] = _OTHER
        ends = [found.end() for found in re.finditer(r"^[ \t]*\[[^\n]*$", self.text, re.MULTILINE)]
        spans = [(end, end) for end in ends]
        return self._proven(spans, '\n{0} = "{0}"', expected, lambda other: _marked(_at(other, path)))

    def _proven(
        self, spans: Sequence[_Span], mark: str, expected: Any, seen: Callable[[dict[str, Any]], str]
    ) -> _Span | None:
        """The one of the places in which a mark makes the expected document of the text.

        All of them are marked at once first, each by its number, which mostly tells the one to try.

        Args:
            mark: what to put there, with ``{0}`` for the name that is looked for.
            seen: the name that is found in a document.
        """
        names = [f"{_OTHER}-{number}" for number in range(len(spans))]
        try:
            told = seen(_parsed(self._with(spans, [mark.format(name) for name in names])))
        except (ValueError, KeyError, IndexError, TypeError):
            told = ""
        for span, _ in sorted(zip(spans, names, strict=True), key=lambda pair: pair[1] != told)[:_MOST_TRIES]:
            try:
                if _parsed(self._with([span], [mark.format(_OTHER)])) == expected:
                    return span
            except ValueError:
                continue
        return None

    def _with(self, spans: Sequence[_Span], others: Sequence[str]) -> str:
        """The text with something else in each of these places."""
        parts, position = [], 0
        for (begin, end), other in zip(spans, others, strict=True):
            parts += [self.text[position:begin], other]
            position = end
        return "".join([*parts, self.text[position:]])


def _marked(table: Mapping[str, Any]) -> str:
    """The key of a table that is a mark; empty if none is."""
    return next((key for key in table if key.startswith(_OTHER)), "")


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
