"""Digests, by which a value is recognised: of type, labels and content, at memory speed for every type."""

import hashlib
import json
import marshal
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cachekit_memprobe.child.workload.contents import (
    ARRAY,
    SERIES,
    TABLE,
    form,
    index_columns,
    is_inside,
    is_text_type,
    slices,
)

_CHUNK = 1 << 20
_ROWS = 1 << 16
_INDEX_LEVEL = re.compile(r"__index_level_\d+__")

_Aspect = Callable[[Any], Any]
"""What is digested of an Arrow array: a buffer of it."""


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
            if _INDEX_LEVEL.fullmatch(str(name)):
                continue  # up to 0.8 Arrow data has the index of a DataFrame, as a column
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
    columns = list(index_columns(index))
    if not columns:
        yield from _labels(index)
    for column in columns:
        if _is_of_numpy(column):
            yield from _labels(column)
        else:
            yield from _arrow_parts("", column)


def _labels(index: Any) -> Iterator[Any]:
    for start in range(0, len(index), _CHUNK):
        labels = index[start : start + _CHUNK].to_numpy()
        yield labels.dtype.str.encode()
        yield from _array_parts(labels)


def _is_of_numpy(column: Any) -> bool:
    return type(column.dtype).__module__.partition(".")[0] == "numpy" and column.dtype.kind != "O"


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
    return json.dumps(value, sort_keys=True, default=_other).encode()


def _other(value: Any) -> str:
    """What JSON doesn't have; all of a table or an array, whose repr leaves out what is in the middle."""
    if not is_inside(value):
        return repr(value)
    if form(value) == SERIES and not hasattr(value, "iloc"):
        return repr(list(value))
    return digest(value, return_format="pandas" if hasattr(value, "iloc") else "arrow")


def _column_parts(name: Any, column: Any) -> Iterator[Any]:
    yield f"{name}:{column.dtype}".encode()
    if _is_of_numpy(column):
        import numpy as np

        values = column.to_numpy()
        for start in range(0, len(values), _ROWS):
            yield np.ascontiguousarray(values[start : start + _ROWS]).view(np.uint8)
    else:
        yield from _arrow_parts("", column)


def _arrow_parts(name: str, column: Any) -> Iterator[Any]:
    """One aspect of all rows after the other: how a column is cut into chunks makes no difference."""
    first = next(slices(column), None)
    yield f"{name}:{'' if first is None else _type_name(first.type)}".encode()
    missing = 0
    for aspect in () if first is None else _aspects(first.type):
        for part in slices(column):
            missing += part.null_count
            yield aspect(part)
    if missing:
        for part in slices(column):
            yield _presence(part)


def _aspects(kind: Any) -> tuple[_Aspect, ...]:
    """How an Arrow type is taken apart into numbers and text, parts of nested ones included."""
    import pyarrow as pa

    types = pa.types
    if is_text_type(kind):
        return (_text_lengths, _text)
    if types.is_integer(kind) or types.is_floating(kind):
        return (_numbers,)
    if types.is_boolean(kind):
        return (_truths,)
    if types.is_temporal(kind) and kind.bit_width in (32, 64):
        return (partial(_integers, width=kind.bit_width),)
    if types.is_decimal128(kind) or types.is_decimal256(kind):
        return (_decimals,)
    if isinstance(kind, pa.BaseExtensionType):
        return _of_parts(lambda part: part.storage, kind.storage_type)
    if types.is_list(kind) or types.is_large_list(kind):
        return (_list_lengths, *_of_parts(lambda part: part.flatten(), kind.value_type))
    if types.is_struct(kind):
        return tuple(
            aspect
            for number in range(kind.num_fields)
            for aspect in _of_parts(partial(_field, number=number), kind.field(number).type)
        )
    return (_reprs,)


def _of_parts(part_of: Callable[[Any], Any], kind: Any) -> tuple[_Aspect, ...]:
    """The aspects of what is inside an array, and which of it is there."""

    def inside(aspect: _Aspect) -> _Aspect:
        return lambda part: aspect(part_of(part))

    return tuple(map(inside, (_presence, *_aspects(kind))))


def _presence(part: Any) -> Any:
    return part.is_valid().to_numpy(zero_copy_only=False)


def _field(part: Any, number: int) -> Any:
    """A field of a struct, missing where the struct is."""
    return part.flatten()[number]


def _list_lengths(part: Any) -> Any:
    import pyarrow.compute as pc

    return pc.fill_null(pc.list_value_length(part), 0).to_numpy(zero_copy_only=False)


def _integers(part: Any, width: int) -> Any:
    """Of a moment or a duration: the number behind it, whose unit and zone are in the type."""
    import pyarrow as pa

    return _numbers(part.view(pa.int64() if width == 64 else pa.int32()))


def _decimals(part: Any) -> Any:
    """The bytes of the integers behind them."""
    import decimal

    import pyarrow as pa
    import pyarrow.compute as pc

    filled = pc.fill_null(part, pa.scalar(decimal.Decimal(0), part.type))
    width = part.type.byte_width
    return memoryview(filled.buffers()[1])[filled.offset * width : (filled.offset + len(filled)) * width]


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


def _type_name(kind: Any) -> str:
    return "text" if is_text_type(kind) else str(kind)


def _hasher() -> Any:
    """xxHash, which cachekit brings along and which is faster than memory; BLAKE2 without it."""
    try:
        import xxhash
    except ImportError:
        return hashlib.blake2b(digest_size=16)
    return xxhash.xxh3_128()
