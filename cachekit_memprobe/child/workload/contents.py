"""What a value consists of: its form, and its logical size."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

_ROWS = 1 << 16
_NUMBER_BYTES = 8
_NUMBERS = (int, float, bool, type(None))
_OFFSET_BYTES = 8

TABLE = "table"
SERIES = "series"
ARRAY = "array"
OBJECTS = "objects"


def form(value: Any) -> str:
    """``table``, ``series``, ``array``, or ``objects`` for what is made of Python's own types."""
    library = type(value).__module__.partition(".")[0]
    if library in ("pandas", "pyarrow", "polars"):
        return TABLE if hasattr(value, "columns") else SERIES
    return ARRAY if library == "numpy" else OBJECTS


def logical_bytes(value: Any) -> int:
    """The size of the data in a value, without its containers.

    Bytes and text count their length. Arrays and columns count their elements; pandas' nullable columns
    their masks as well, categorical ones their codes and their categories. A string in a column counts its
    UTF-8 and 8 bytes for its offset, whatever pandas makes of it; other objects in a column count as they do
    in Arrow. An index is a column for each of its levels, but a range counts nothing. In nested values a
    number counts 8 bytes, a string and a key their UTF-8.
    """
    kind = form(value)
    if kind in (TABLE, SERIES) and not hasattr(value, "iloc"):  # Arrow's or polars'
        arrow = value.to_arrow() if hasattr(value, "to_arrow") else value
        return int(arrow.nbytes)
    if kind == TABLE:
        columns = (value.iloc[:, number] for number in range(len(value.columns)))
        return sum(map(_column_bytes, columns)) + _index_bytes(value.index)
    if kind == SERIES:
        return _column_bytes(value) + _index_bytes(value.index)
    return int(value.nbytes) if kind == ARRAY else _objects_bytes(value)


def _index_bytes(index: Any) -> int:
    return sum(map(_column_bytes, index_columns(index)))


def index_columns(index: Any) -> Iterator[Any]:
    """The levels of a pandas index as columns; none of a range, which is three numbers."""
    pandas = sys.modules["pandas"]
    if isinstance(index, pandas.RangeIndex):
        return
    for level in range(index.nlevels):
        labels = index.get_level_values(level)
        yield pandas.Series(labels, index=pandas.RangeIndex(len(labels)), copy=False)


def _column_bytes(column: Any) -> int:
    if hasattr(column, "cat"):
        categories = sys.modules["pandas"].Series(column.cat.categories)
        return int(column.cat.codes.nbytes) + _column_bytes(categories)
    if not _is_text(column):
        # Of Python's objects pandas knows the pointers only: lists, dates and decimals are as in Arrow.
        objects = str(column.dtype) == "object"
        return sum(part.nbytes for part in slices(column)) if objects else int(column.nbytes)
    import pyarrow.compute as pc

    return sum(
        len(part) * _OFFSET_BYTES + int(pc.sum(pc.binary_length(part)).as_py() or 0)
        for part in slices(column)
    )


def _objects_bytes(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    if isinstance(value, dict):
        return sum(_objects_bytes(key) + _objects_bytes(part) for key, part in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return sum(map(_objects_bytes, value))
    return logical_bytes(value) if is_inside(value) else _NUMBER_BYTES


def is_inside(value: Any) -> bool:
    """Whether a part of a nested value is a table or an array itself, and no number of such a library's."""
    return type(value) not in _NUMBERS and form(value) != OBJECTS and hasattr(value, "__len__")


def slices(column: Any) -> Iterator[Any]:
    """A column of any library as Arrow arrays of a limited number of rows."""
    import pyarrow as pa

    for start in range(0, len(column), _ROWS):
        if type(column).__module__.partition(".")[0] == "pandas":
            part = pa.array(column.iloc[start : start + _ROWS], from_pandas=True)
        else:
            part = column.slice(start, _ROWS)
            part = part.to_arrow() if hasattr(part, "to_arrow") else part
        chunks = part.chunks if isinstance(part, pa.ChunkedArray) else [part]
        for chunk in chunks:
            yield chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk


def _is_text(column: Any) -> bool:
    """Whether a pandas column is one of strings; pandas 2 keeps them as objects."""
    if column.dtype.kind != "O":
        return False
    infer: Callable[..., str] = sys.modules["pandas"].api.types.infer_dtype
    return infer(column, skipna=True) == "string"


def is_text_type(kind: Any) -> bool:
    """Whether an Arrow type is one of text."""
    return str(kind) in ("string", "large_string", "string_view")
