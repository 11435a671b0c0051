"""What a value consists of: its form, its logical size, and a digest by which it is recognised."""

import hashlib
import json
import marshal
import sys
from collections.abc import Callable, Iterator
from typing import Any

_CHUNK = 1 << 20
_ROWS = 1 << 16
_NUMBER_BYTES = 8
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
    their masks as well. A string in a column counts its UTF-8 and 8 bytes for its offset, whatever
    pandas makes of it; other objects in a column count as they do in Arrow. In nested values a number
    counts 8 bytes, a string and a key their characters.
    """
    kind = form(value)
    if kind == TABLE:
        return sum(_column_bytes(value[name]) for name in value.columns)
    if kind == SERIES:
        return _column_bytes(value)
    return int(value.nbytes) if kind == ARRAY else _objects_bytes(value)


def _column_bytes(column: Any) -> int:
    if not _is_text(column):
        # Of Python's objects pandas knows the pointers only: lists, dates and decimals are as in Arrow.
        objects = str(column.dtype) == "object"
        return sum(part.nbytes for part in _slices(column)) if objects else int(column.nbytes)
    import pyarrow.compute as pc

    return sum(
        len(part) * _OFFSET_BYTES + int(pc.sum(pc.binary_length(part)).as_py() or 0)
        for part in _slices(column)
    )


def _objects_bytes(value: Any) -> int:
    if isinstance(value, (str, bytes, bytearray)):
        return len(value)
    if isinstance(value, dict):
        return sum(_objects_bytes(key) + _objects_bytes(part) for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return sum(map(_objects_bytes, value))
    return _NUMBER_BYTES


def digest(value: Any, *, return_format: str = "pandas") -> str:
    """A digest of type, labels and content, made without a second copy of the payload.

    Args:
        return_format: other than ``pandas``, a table is digested as Arrow: a DataFrame has the digest of
            the Arrow table or the polars frame that it is read back as.
    """
    state = _hasher()
    for part in _parts(value, as_arrow=return_format != "pandas"):
        state.update(part)
    return str(state.hexdigest())


def exact_digest(value: Any) -> str:
    """A digest of nested values at memory speed, which the order of a dict's keys is a part of.

    Equal to that of a value of JSON's types it proves that the two are equal; otherwise :func:`digest` has
    the last word. It doesn't tell one type of bytes from another, of which such a value has none. Empty for
    other values, and for what marshal doesn't know.
    """
    if not isinstance(value, (dict, list, tuple)):
        return ""
    state = _hasher()
    try:
        # Version 2 writes what it sees; later ones also whether objects are shared, which is no content.
        state.update(marshal.dumps(value, 2))
    except ValueError:
        return ""
    return str(state.hexdigest())


def _parts(value: Any, *, as_arrow: bool) -> Iterator[Any]:
    kind = form(value)
    if kind == TABLE and as_arrow:
        yield b"table"
        for name in getattr(value, "column_names", value.columns):
            yield from _arrow_parts(str(name), value[name])
        return
    yield type(value).__name__.encode()
    if kind == TABLE:
        yield from _index_parts(value.index)
        for name in value.columns:
            yield from _column_parts(name, value[name])
    elif kind == SERIES:
        yield from _index_parts(value.index)
        yield from _column_parts(value.name, value)
    elif kind == ARRAY:
        yield f"{value.dtype}{value.shape}".encode()
        yield from _array_parts(value)
    else:
        yield from _object_parts(value)


def _index_parts(index: Any) -> Iterator[Any]:
    """Names and labels; a range of integers is the same as these, written out or not, as pandas has it."""
    yield repr(list(index.names)).encode()
    for start in range(0, len(index), _CHUNK):
        labels = index[start : start + _CHUNK].to_numpy()
        if labels.dtype.hasobject:
            yield repr(labels.tolist()).encode()
        else:
            yield labels.dtype.str.encode()
            yield from _array_parts(labels)


def _array_parts(value: Any) -> Iterator[Any]:
    """An array of any type row by row, whatever its layout in memory is: of a file it may be any."""
    import numpy as np

    rows = value if value.ndim else value.reshape(1)
    row_bytes = rows.nbytes // max(1, len(rows))
    step = max(1, _CHUNK // max(1, row_bytes))
    for start in range(0, len(rows) if row_bytes else 0, step):
        yield np.ascontiguousarray(rows[start : start + step]).reshape(-1).view(np.uint8)


def _object_parts(value: Any) -> Iterator[Any]:
    """Text and bytes in pieces; of nested values each item of the two upper levels as its JSON.

    Keys are sorted, as some serializers do.
    """
    if isinstance(value, str):
        for start in range(0, len(value), _CHUNK):
            yield value[start : start + _CHUNK].encode()
    elif isinstance(value, (bytes, bytearray)):
        yield value
    elif isinstance(value, dict):
        for key in sorted(value, key=repr):
            yield f"{key!r}:".encode()
            yield from map(_json, value[key] if isinstance(value[key], list) else [value[key]])
    else:
        yield from map(_json, value if isinstance(value, (list, tuple)) else [value])


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=repr).encode()


def _column_parts(name: Any, column: Any) -> Iterator[Any]:
    yield f"{name}:{column.dtype}".encode()
    if type(column.dtype).__module__.partition(".")[0] == "numpy" and column.dtype.kind != "O":
        import numpy as np

        values = column.to_numpy()
        for start in range(0, len(values), _ROWS):
            yield np.ascontiguousarray(values[start : start + _ROWS]).view(np.uint8)
    else:
        yield from _arrow_parts("", column)


def _arrow_parts(name: str, column: Any) -> Iterator[Any]:
    """One aspect of all rows after the other: how a column is cut into chunks makes no difference."""
    first = next(_slices(column), None)
    yield f"{name}:{'' if first is None else _type_name(first.type)}".encode()
    missing = 0
    for aspect in () if first is None else _aspects(first.type):
        for part in _slices(column):
            missing += part.null_count
            yield aspect(part)
    if missing:
        for part in _slices(column):
            yield part.is_valid().to_numpy(zero_copy_only=False)


def _aspects(kind: Any) -> tuple[Callable[[Any], Any], ...]:
    import pyarrow as pa

    if _is_text_type(kind):
        return (_text_lengths, _text)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return (_numbers,)
    if pa.types.is_boolean(kind):
        return (_truths,)
    return (_reprs,)


def _text_lengths(part: Any) -> Any:
    import pyarrow.compute as pc

    return pc.binary_length(_filled_text(part)).to_numpy(zero_copy_only=False)


def _text(part: Any) -> Any:
    """The characters of all strings in one piece, where Arrow has them."""
    import numpy as np

    filled = _filled_text(part)
    _, offsets, letters = filled.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[filled.offset : filled.offset + len(filled) + 1]
    return memoryview(letters)[bounds[0] : bounds[-1]] if letters is not None else b""


def _filled_text(part: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.fill_null(part.cast(pa.large_string()), "")


def _truths(part: Any) -> Any:
    import pyarrow as pa

    return _numbers(part.cast(pa.uint8()))


def _numbers(part: Any) -> Any:
    import pyarrow.compute as pc

    return pc.fill_null(part, 0).to_numpy(zero_copy_only=False)


def _reprs(part: Any) -> bytes:
    return "".join(f"{item!r}," for item in part.to_pylist()).encode()


def _slices(column: Any) -> Iterator[Any]:
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


def _type_name(kind: Any) -> str:
    return "text" if _is_text_type(kind) else str(kind)


def _is_text_type(kind: Any) -> bool:
    return str(kind) in ("string", "large_string", "string_view")


def _hasher() -> Any:
    """xxHash, which cachekit brings along and which is faster than memory; BLAKE2 without it."""
    try:
        import xxhash
    except ImportError:
        return hashlib.blake2b(digest_size=16)
    return xxhash.xxh3_128()
