"""What was read from the user's file, in words: how much of which types, and nothing of what it says."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cachekit_memprobe.child import datafile, textfile
from cachekit_memprobe.child.printable import shortened
from cachekit_memprobe.child.workload import contents

_MOST_TYPES = 6
_LONGEST = 60


def described(file: str, value: Any) -> str:
    """``300,000 rows, 2 columns: 1 str, 1 float64; separated by tabs, names from the first line``."""
    path = Path(file)
    known = datafile.format_of(path)
    words = _of_value(value)
    if known in (datafile.CSV, datafile.TSV):
        usual = "\t" if known == datafile.TSV else ","
        words += f"; {textfile.dialect_of(path, usual).words}, names from the first line"
    return words


def _of_value(value: Any) -> str:
    kind = contents.form(value)
    if kind == contents.TABLE:
        return _of_table(value)
    if kind == contents.ARRAY:
        shape = " x ".join(f"{length:,}" for length in value.shape)
        dtype = shortened(value.dtype, _LONGEST)
        return f"{dtype}, {shape} elements" if shape else f"{dtype}, one element"
    if isinstance(value, dict):
        return f"an object with {_counted(len(value), 'key')}"
    if isinstance(value, list):
        return f"a list of {_counted(len(value), 'item')}"
    if isinstance(value, str):
        return f"a text of {_counted(len(value), 'character')}"
    return "null" if value is None else f"one value, {type(value).__name__}"


def _of_table(table: Any) -> str:
    types = [shortened(dtype, _LONGEST) for dtype in table.dtypes]
    words = f"{_counted(len(table), 'row')}, {_counted(len(types), 'column')}: {_types(types)}"
    levels = [shortened(level.dtype, _LONGEST) for level in contents.index_columns(table.index)]
    return f"{words}; index: {_types(levels)}" if levels else words


def _types(names: Iterable[str]) -> str:
    counted = [f"{count:,} {name}" for name, count in Counter(names).most_common()]
    rest = len(counted) - _MOST_TYPES
    return ", ".join(counted[:_MOST_TYPES]) + (f" and {rest} more types" if rest > 0 else "")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
