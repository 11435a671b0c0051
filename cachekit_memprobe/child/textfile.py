"""Text files: how they are packed, and what separates the columns of a table."""

import csv
import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, cast

_MODULES = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ": "lzma"}
"""By the first bytes of a file, the module of the standard library that unpacks it."""

PACKED_SUFFIXES = (".gz", ".bz2", ".xz")

_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
_SAMPLE_BYTES = 1 << 16
_SAMPLE_ROWS = 100
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
_DECIMAL_POINT = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True)
class Dialect:
    """How a table is written as text: between its columns, and in a number before its fraction."""

    separator: str
    decimal: str = "."

    @property
    def words(self) -> str:
        comma = ", with decimal commas" if self.decimal == "," else ""
        return f"separated by {_SEPARATORS[self.separator]}{comma}"


def is_packed(head: bytes) -> bool:
    """Whether a file with these first bytes is one that :func:`opened` unpacks."""
    return any(head.startswith(signature) for signature in _MODULES)


def opened(path: Path) -> AbstractContextManager[BinaryIO]:
    """The bytes of a text file, unpacked if it is packed.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        head = file.read(8)
    for signature, module in _MODULES.items():
        if head.startswith(signature):
            return cast("AbstractContextManager[BinaryIO]", import_module(module).open(path, "rb"))
    return path.open("rb")


def dialect_of(path: Path, usual: str) -> Dialect:
    """The dialect of a table in a text file, as its first lines show it.

    Args:
        usual: the separator to take where they don't.
    """
    with opened(path) as file:
        sample = file.read(_SAMPLE_BYTES)
    text = sample.decode("utf-8-sig", "replace")
    if len(sample) == _SAMPLE_BYTES:
        text = text[: text.rfind("\n") + 1] or text
    return _dialect(text, usual)


def _dialect(text: str, usual: str) -> Dialect:
    """The separator that cuts every line into the same number of columns, the most of them."""
    candidates = sorted(_SEPARATORS, key=lambda separator: separator != usual)
    cut = {separator: _rows(text, separator) for separator in candidates}
    regular = [separator for separator in candidates if len({len(row) for row in cut[separator]}) == 1]
    # Where no separator cuts all lines alike, the line with the names decides.
    most = max(regular or candidates, key=lambda separator: len(cut[separator][0]) if cut[separator] else 0)
    if not cut[most] or len(cut[most][0]) < 2:
        most = max(candidates, key=lambda separator: len(cut[separator][0]) if cut[separator] else 0)
    return Dialect(most, "." if most == "," else _decimal(cut[most]))


def _rows(text: str, separator: str) -> Sequence[Sequence[str]]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            if row:
                rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return rows


def _decimal(rows: Sequence[Sequence[str]]) -> str:
    fields = [field.strip() for row in rows[1:] for field in row]
    commas = any(map(_DECIMAL_COMMA.fullmatch, fields))
    return "," if commas and not any(map(_DECIMAL_POINT.fullmatch, fields)) else "."
