"""The memory in which an object keeps its data, as far as that can be seen without copying it."""

import ctypes
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_BODIES = {"httpx": "_content", "urllib3": "_body", "multiprocessing": "_buf"}
"""Where a library's response keeps its body, or its shared memory that: a property may do more than look."""

_FEW = 8
"""Parts that are looked at, of what has parts: a value of many isn't one piece of memory."""

_AS_UTF8 = ctypes.pythonapi.PyUnicode_AsUTF8AndSize
_AS_UTF8.argtypes = [ctypes.py_object, ctypes.c_void_p]
_AS_UTF8.restype = ctypes.c_void_p


@dataclass(frozen=True)
class Buffer:
    """Contiguous memory that ``owner`` keeps alive."""

    start: int
    size_bytes: int
    owner: Any


def is_arrow_table(thing: Any) -> bool:
    """Whether it is a table, or another of pyarrow's things that have columns."""
    kind = type(thing)
    return kind.__module__.partition(".")[0] == "pyarrow" and hasattr(kind, "columns")


def buffers_of(thing: Any, depth: int = 2) -> Iterable[Buffer]:
    """The memory in which an object keeps its data, as far as that can be seen without copying it."""
    kind = type(thing)
    if kind in (bytes, bytearray, memoryview, mmap.mmap):
        yield from _buffer_protocol(thing)
    elif kind is str:
        if thing.isascii():
            yield Buffer(_AS_UTF8(thing, None), len(thing), thing)
    elif isinstance(thing, (tuple, list, dict)):
        if depth and len(thing) <= _FEW:
            for part in list(thing.values()) if isinstance(thing, dict) else thing:
                yield from buffers_of(part, depth - 1)
    else:
        yield from _of_library_object(thing, kind.__module__.partition(".")[0], depth)


def _of_library_object(thing: Any, library: str, depth: int) -> Iterator[Buffer]:
    if library == "numpy" and hasattr(thing, "__array_interface__"):
        yield from _buffer_protocol(thing)
    elif library == "pandas" and hasattr(thing, "columns"):
        for index in range(len(thing.columns)):
            yield from _of_extension(thing.iloc[:, index].array, owner=thing)
        yield from _of_index(thing.index, owner=thing)
    elif library == "pandas" and hasattr(thing, "array"):
        yield from _of_extension(thing.array, owner=thing)
        yield from _of_index(getattr(thing, "index", None), owner=thing)
    elif library == "pyarrow":
        yield from _of_arrow(thing)
    elif library in _BODIES:
        yield from buffers_of(getattr(thing, _BODIES[library], None), depth=0)
    elif depth and type(getattr(thing, "view", None)) is memoryview:
        yield from _buffer_protocol(thing.view)


def _of_index(index: Any, owner: Any) -> Iterator[Buffer]:
    """The memory of an index: a range has none, and that of several levels is codes, which are small."""
    if type(index).__name__ not in ("RangeIndex", "MultiIndex", "NoneType"):
        yield from _of_extension(index.array, owner=owner)


_BEHIND = ("_ndarray", "_codes", "_data", "_mask")
"""Where pandas' arrays keep NumPy's: of plain types and moments, of categories, of nullable types."""


def _of_extension(array: Any, owner: Any) -> Iterator[Buffer]:
    """A pandas array's memory: NumPy's, or Arrow's for the types that pandas backs with Arrow."""
    if type(array).__name__.startswith("Arrow"):
        yield from _of_arrow_column(array.__arrow_array__())
        return
    found = (getattr(array, name, None) for name in _BEHIND)
    for behind in {
        id(one): one for one in found if type(one).__module__.partition(".")[0] == "numpy"
    }.values():
        yield from _buffer_protocol(behind, owner=owner)


def _of_arrow(thing: Any) -> Iterator[Buffer]:
    if hasattr(thing, "address") and hasattr(thing, "size"):
        yield Buffer(thing.address, thing.size, thing)
    for column in getattr(thing, "columns", ()):
        yield from _of_arrow_column(column)


def _of_arrow_column(column: Any) -> Iterator[Buffer]:
    for chunk in getattr(column, "chunks", (column,)):
        for buffer in chunk.buffers():
            if buffer is not None:
                yield Buffer(buffer.address, buffer.size, buffer)


def _buffer_protocol(thing: Any, owner: Any = None) -> Iterator[Buffer]:
    kind = getattr(getattr(thing, "dtype", None), "kind", "")
    try:
        # Moments and durations have no buffer protocol, the integers that they are have one.
        view = memoryview(thing.view("i8") if kind in ("M", "m") else thing)
    except (TypeError, ValueError):
        return
    with view:
        if view.nbytes and view.contiguous:
            start = _address(view)
            yield Buffer(start, view.nbytes, thing if owner is None else owner)


def _address(view: memoryview) -> int:
    import numpy as np

    flat = view if view.format == "B" and view.ndim == 1 else view.cast("B")
    return int(np.frombuffer(flat, dtype=np.uint8).__array_interface__["data"][0])
