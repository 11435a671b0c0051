"""Fills what is free in pymalloc's arenas, so that a read's small objects need new ones.

What the warm-up freed is still resident wherever a single object keeps an arena. Small objects of the
measured read would go there, and the resident set would not grow by them: 1 to 2 MiB of a table of lists.
"""

import os
import sys
from collections.abc import Callable

_SMALLEST, _STEP, _LARGEST = 16, 16, 512
"""Bytes of pymalloc's size classes. A pool holds objects of one; a pool that is free may become any's."""

_POOL_BYTES = 1 << 14
_ARENA_BYTES = 1 << 20
_MOST_OBJECTS = 1 << 17
"""64 MiB of the largest: where no arena comes in all that, there are none."""

_BYTES_HEADER = sys.getsizeof(b"")


def fill() -> list[object]:
    """Objects to be held for as long as nothing may go into the arenas that there are; maybe none.

    They take no memory that wasn't resident before, but for a page in a new arena for each size class.
    """
    if sys.platform != "linux" or sys.implementation.name != "cpython":
        return []
    held: list[object] = [None] * (2 * _MOST_OBJECTS)
    count = _fill_pools(held)
    if count == 0:
        return []
    new = id(held[count - 1]) & -_POOL_BYTES
    for size_bytes in range(_SMALLEST, _LARGEST, _STEP):
        count = _fill_class(held, count, _maker(size_bytes), range(new - _POOL_BYTES, new + _ARENA_BYTES))
    return held[:count]


def _fill_pools(held: list[object]) -> int:
    """Take every free pool, with objects of the largest class, until a new arena comes; how many it took."""
    make, each = _maker(_LARGEST), _POOL_BYTES // _LARGEST
    with open("/proc/self/statm", "rb", buffering=0) as statm:
        before = _mapped_bytes(statm.fileno())
        for count in range(_MOST_OBJECTS):
            held[count] = make()
            if count % each == 0 and _mapped_bytes(statm.fileno()) - before >= _ARENA_BYTES:
                return count + 1
    return 0


def _fill_class(held: list[object], count: int, make: Callable[[], object], new: range) -> int:
    """Take what is free in the pools of one class, until an object lies in the new arena."""
    while count < len(held):
        held[count] = made = make()
        count += 1
        if id(made) in new:
            break
    return count


def _maker(size_bytes: int) -> Callable[[], object]:
    """Makes objects of a size class that the garbage collector doesn't know."""
    if size_bytes < 2 * _STEP:
        return object
    if size_bytes < _BYTES_HEADER + 2:  # shorter bytes are singletons
        number = float(sys.maxsize)
        return lambda: number / 3
    length = size_bytes - _BYTES_HEADER
    return lambda: bytes(length)


def _mapped_bytes(fd: int) -> int:
    return int(os.pread(fd, 64, 0).split()[0]) * os.sysconf("SC_PAGE_SIZE")
