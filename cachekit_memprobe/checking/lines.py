"""Where a value stands in a TOML text, and the same text with another one in its place.

No parser of TOML tells positions. But tomlkit writes back, to the character, what it has read: so where two
texts begin to differ, of which one has another value at some key, that value stands. Strings, comments and
keys that look like others can't mislead that. Nothing but the value is changed in the text.
"""

import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Path = tuple[str | int, ...]
"""The keys that lead to a value, and numbers of elements of arrays: ``("budget", "*", "rss", "peak")``."""


class Text:
    """A text that is TOML.

    Raises:
        ValueError: tomlkit can't read it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._parsed = tomlkit.parse(text)
        except (TOMLKitError, ValueError, RecursionError) as error:
            raise ValueError(str(error)) from None
        if tomlkit.dumps(self._parsed) != text:
            raise ValueError("it isn't written back as it is")

    @cached_property
    def document(self) -> dict[str, Any]:
        """As the standard library reads it."""
        return tomllib.loads(self.text)

    def line(self, path: Path) -> int:
        """The line, from 1, in which a value begins; of a table its heading, or else the first value in it.

        Of a key that isn't there it is that of the table that lacks it; 1 if that has none.
        """
        while path and not _has(self.document, path):
            path = path[:-1]
        first = next(_leaves(_at(self.document, path), path), None)
        if first is None:
            return self._line_at(self._empty(path)) if path else 1
        line = self._line_at(self.position(first))
        return line if first == path else self._heading(path, line)

    def _line_at(self, position: int) -> int:
        return self.text.count("\n", 0, position) + 1

    def position(self, path: Path) -> int:
        """The index at which a value begins that is no table.

        Raises:
            KeyError: there is none.
        """
        *above, last = path
        table: Any = _at(self._parsed, above)
        value = table[last]
        table[last] = _unlike(value)
        written = tomlkit.dumps(self._parsed)
        table[last] = value
        if tomlkit.dumps(self._parsed) != self.text:
            self._parsed = tomlkit.parse(self.text)
        return self._difference(written)

    def _empty(self, path: Path) -> int:
        """Where a table stands that has nothing in it: the end of its heading, or its value."""
        table = _at(self._parsed, path)
        if not isinstance(table, Table):
            return self.position(path)
        table.comment("here")
        written = tomlkit.dumps(self._parsed)
        self._parsed = tomlkit.parse(self.text)
        return self._difference(written)

    def _difference(self, written: str) -> int:
        """Where the text begins to differ from another one."""
        pairs = zip(self.text, written, strict=False)
        differing = (index for index, (one, other) in enumerate(pairs) if one != other)
        return next(differing, min(len(self.text), len(written)))

    def with_string(self, path: Path, value: str) -> "Text":
        """The text with another string in place of one, in the same quotation marks.

        Raises:
            KeyError: there is no string at that path.
        """
        old = _at(self.document, path)
        begin = self.position(path)
        for quote in ("'", '"'):
            written = f"{quote}{old}{quote}"
            if self.text.startswith(written, begin):
                text = self.text[:begin] + quote + value + quote + self.text[begin + len(written) :]
                return Text(text)
        raise KeyError(path)

    def _heading(self, path: Path, line: int) -> int:
        """The line of ``[a.table]`` above its first value, past comments and blank lines."""
        lines = self.text.split("\n")
        for number in range(line - 1, 0, -1):
            text = lines[number - 1].strip()
            if text.startswith("["):
                return number if _names(text, path) else line
            if text and not text.startswith("#"):
                break
        return line


def _names(heading: str, path: Path) -> bool:
    try:
        node: Any = tomllib.loads(heading)
    except tomllib.TOMLDecodeError:
        return False
    for part in path:
        if isinstance(part, int):
            continue
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part][0] if isinstance(node[part], list) and node[part] else node[part]
    return isinstance(node, dict) and not node


def _leaves(node: Any, path: Path) -> Iterator[Path]:
    """The paths of the values below a table, or the one of a value itself."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(node, list) and node and all(isinstance(entry, dict) for entry in node):
        for number, entry in enumerate(node):
            yield from _leaves(entry, (*path, number))
    elif path:
        yield path


def _has(node: Any, path: Sequence[str | int]) -> bool:
    try:
        _at(node, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _at(node: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        node = node[part]
    return node


def _unlike(value: Any) -> Any:
    """A value that TOML spells with another first character."""
    return 0 if isinstance(value, (bool, str, list, dict)) else True
