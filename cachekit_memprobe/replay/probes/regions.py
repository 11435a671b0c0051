"""Memory by address: what an object's data occupies, and whether one region is a copy of another.

Importable by the measured child process: standard library and target only.
"""

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cachekit_memprobe.replay.probes.maps import file_maps

VERBATIM = "verbatim"
RECEIVED = "received"
TRANSFORMED = "transformed"

_FILE_MAP = "the file map"
_BODIES = {"httpx": "_content", "urllib3": "_body"}
"""Where a library's response keeps its body; the property may read it, which is not for a probe to do."""

_NEEDLE_BYTES = 64
_SEARCHES = 64
_LIBC = ctypes.CDLL(None)
_LIBC.memcmp.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
_LIBC.memmem.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]
_LIBC.memmem.restype = ctypes.c_void_p
_AS_UTF8 = ctypes.pythonapi.PyUnicode_AsUTF8AndSize
_AS_UTF8.argtypes = [ctypes.py_object, ctypes.c_void_p]
_AS_UTF8.restype = ctypes.c_void_p


@dataclass(frozen=True)
class Buffer:
    """Contiguous memory that ``owner`` keeps alive."""

    start: int
    size_bytes: int
    owner: Any


@dataclass(frozen=True)
class Region:
    """A known span of memory.

    Attributes:
        kind: :data:`VERBATIM`, :data:`RECEIVED` or :data:`TRANSFORMED`.
        copy_of: what it is a copy of, for a reader; empty when it isn't one.
        array: the bytearray that it lies in, which may be moved; ``None`` elsewhere.
    """

    start: int
    size_bytes: int
    kind: str
    label: str
    copy_of: str = ""
    array: bytearray | None = field(default=None, compare=False, repr=False)

    @property
    def end(self) -> int:
        return self.start + self.size_bytes

    def holds(self, buffer: Buffer) -> bool:
        return self.start <= buffer.start and buffer.start + buffer.size_bytes <= self.end

    def meets(self, buffer: Buffer) -> bool:
        """Whether they have any byte in common."""
        return self.start < buffer.start + buffer.size_bytes and buffer.start < self.end


class Regions:
    """The memory that a read has shown so far.

    Owners are kept, so that no address is used twice, except those of file maps: a mapping can't be
    closed while something looks at it, and the read closes it. Its addresses are only compared while
    the kernel still lists them. A bytearray is kept, but may move as it grows.
    """

    def __init__(self, least_bytes: int) -> None:
        self.least_bytes = least_bytes
        self.known: list[Region] = []
        self.owners: list[Any] = []
        self.resident: list[Any] = []
        self._tables: dict[int, tuple[Any, tuple[Buffer, ...]]] = {}
        self._searches_left = _SEARCHES

    def add_known(self, thing: Any, label: str) -> None:
        """Memory that was there before the read."""
        self.resident.append(thing)
        for buffer in buffers_of(thing):
            self._remember(buffer, RECEIVED, label)

    def classify(self, buffer: Buffer, *, received: bool) -> Region | None:
        """The region that a buffer opens; ``None`` when it is small or lies in a known one.

        A map is not a copy either: its region is remembered, and ``None`` returned.
        """
        if buffer.size_bytes < self.least_bytes:
            return None
        if any(region.holds(buffer) and _in_place(region) for region in self.known):
            return None
        if is_file_mapped(buffer):
            self._remember(buffer, RECEIVED, _FILE_MAP, keep=False)
            return None
        original = self._original_of(buffer, self.known)
        label = f"{buffer.size_bytes} bytes of {type(buffer.owner).__name__}"
        if original is not None:
            return self._remember(buffer, VERBATIM, label, copy_of=original.label)
        return self._remember(buffer, RECEIVED if received else TRANSFORMED, label)

    def second_look(self, region: Region) -> Region:
        """The region, judged again: memory is often made first and filled afterwards.

        It is compared with what was known before it, since what came later may be a copy of it.
        """
        number = next(index for index, other in enumerate(self.known) if other is region)
        if region.kind == VERBATIM or not _in_place(region):
            return region
        original = self._original_of(Buffer(region.start, region.size_bytes, None), self.known[:number])
        if original is not None:
            self.known[number] = replace(region, kind=VERBATIM, copy_of=original.label)
        return self.known[number]

    def knows_table(self, thing: Any) -> bool:
        """Whether an Arrow table was looked at before. It must not be again.

        ``to_pandas(self_destruct=True)`` leaves a table whose columns are gone; to touch them crashes.
        """
        if not is_arrow_table(thing):
            return False
        if id(thing) in self._tables:
            return True
        spans = tuple(replace(buffer, owner=None) for buffer in buffers_of(thing))
        mapped = any(region.holds(buffer) for buffer in spans for region in self.mapped())
        self._tables[id(thing)] = (None if mapped else thing, spans)
        return False

    def spans_of(self, thing: Any) -> Iterable[Buffer]:
        """Where its data lies; of an Arrow table, where it lay when it was looked at."""
        return self._tables[id(thing)][1] if self.knows_table(thing) else buffers_of(thing)

    def number_of(self, span: Buffer) -> int | None:
        """The place in ``known`` of the region that a span lies in; ``None`` of a small or a new one."""
        if span.size_bytes < self.least_bytes:
            return None
        for number, region in enumerate(self.known):
            if region.holds(span) and _in_place(region):
                return number
        return None

    def mapped(self) -> list[Region]:
        """The regions whose owners are not kept."""
        return [region for region in self.known if region.label == _FILE_MAP]

    def _remember(
        self, buffer: Buffer, kind: str, label: str, *, copy_of: str = "", keep: bool = True
    ) -> Region:
        array = buffer.owner if type(buffer.owner) is bytearray else None
        region = Region(buffer.start, buffer.size_bytes, kind, label, copy_of, array)
        self.known.append(region)
        if keep:
            self.owners.append(buffer.owner)
        return region

    def _original_of(self, buffer: Buffer, regions: Iterable[Region]) -> Region | None:
        for region in regions:
            fits = region.size_bytes >= buffer.size_bytes
            if fits and _in_place(region) and self._stands_in(buffer, region):
                return region
        return None

    def _stands_in(self, buffer: Buffer, region: Region) -> bool:
        """Whether a buffer's bytes stand somewhere in a region: at its end, its start, or found inside."""
        room = region.size_bytes - buffer.size_bytes
        if _equal(buffer, region.start + room) or _equal(buffer, region.start):
            return True
        if self._searches_left <= 0:
            return False
        self._searches_left -= 1
        found = _LIBC.memmem(region.start, region.size_bytes, buffer.start, _NEEDLE_BYTES)
        return found is not None and found - region.start <= room and _equal(buffer, found)


def _in_place(region: Region) -> bool:
    """Whether the region's memory may still be looked at: a map not closed, an array not moved."""
    if region.label == _FILE_MAP:
        return is_file_mapped(region)
    if region.array is None:
        return True
    return any(
        buffer.start == region.start and buffer.size_bytes >= region.size_bytes
        for buffer in buffers_of(region.array)
    )


def _equal(buffer: Buffer, address: int) -> bool:
    return bool(_LIBC.memcmp(buffer.start, address, buffer.size_bytes) == 0)


def is_file_mapped(span: Buffer | Region) -> bool:
    """Whether the span starts in a file map of this process."""
    return any(start <= span.start < end for start, end in file_maps())


def is_arrow_table(thing: Any) -> bool:
    """Whether it is a table, or another of pyarrow's things that have columns."""
    kind = type(thing)
    return kind.__module__.partition(".")[0] == "pyarrow" and hasattr(kind, "columns")


def buffers_of(thing: Any, depth: int = 2) -> Iterable[Buffer]:
    """The memory in which an object keeps its data, as far as that can be seen without copying it."""
    kind = type(thing)
    if kind in (bytes, bytearray, memoryview):
        yield from _buffer_protocol(thing)
    elif kind is str:
        if thing.isascii():
            yield Buffer(_AS_UTF8(thing, None), len(thing), thing)
    elif isinstance(thing, (tuple, list)):
        if depth and len(thing) <= 8:
            for part in thing:
                yield from buffers_of(part, depth - 1)
    else:
        yield from _of_library_object(thing, kind.__module__.partition(".")[0], depth)


def _of_library_object(thing: Any, library: str, depth: int) -> Iterator[Buffer]:
    if library == "numpy" and hasattr(thing, "__array_interface__"):
        yield from _buffer_protocol(thing)
    elif library == "pandas" and hasattr(thing, "columns"):
        for index in range(len(thing.columns)):
            yield from _of_column(thing.iloc[:, index], owner=thing)
    elif library == "pyarrow":
        yield from _of_arrow(thing)
    elif library in _BODIES:
        yield from buffers_of(getattr(thing, _BODIES[library], None), depth=0)
    elif depth and type(getattr(thing, "view", None)) is memoryview:
        yield from _buffer_protocol(thing.view)


def _of_column(column: Any, owner: Any) -> Iterator[Buffer]:
    """A pandas column's memory: NumPy's, or Arrow's for the types that pandas backs with Arrow."""
    if type(column.dtype).__module__.partition(".")[0] == "numpy":
        yield from _buffer_protocol(column.to_numpy(copy=False), owner=owner)
    elif type(column.array).__name__.startswith("Arrow"):
        yield from _of_arrow_column(column.array.__arrow_array__())


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
    try:
        view = memoryview(thing)
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
