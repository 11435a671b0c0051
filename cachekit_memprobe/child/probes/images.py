"""Where the bytes of one piece of memory stand a second time."""

import ctypes
from collections import Counter
from collections.abc import Callable
from typing import Protocol

_NEEDLE_BYTES = 64
_VAIN_SEARCHES = 16
"""One after the other in a region, after which no more are made in it: a search reads all of it."""
_STEP_BYTES = 1 << 20
_MOST_HITS = 8
"""Places at which the needle may stand by chance before the one that counts."""
_LIBC = ctypes.CDLL(None)
_LIBC.memcmp.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
_LIBC.memmem.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]
_LIBC.memmem.restype = ctypes.c_void_p


class Span(Protocol):
    """Memory by its address."""

    @property
    def start(self) -> int: ...
    @property
    def size_bytes(self) -> int: ...


class Images:
    """Finds images, and learns where to look for the next one."""

    def __init__(self) -> None:
        self._vain: Counter[int] = Counter()
        self._found_at: dict[int, int] = {}

    def stands_in(self, span: Span, original: Span) -> bool:
        """Whether all bytes of a span stand somewhere in a larger one: at its end, its start, or inside."""
        room = original.size_bytes - span.size_bytes
        if _equal(span, original.start + room):
            return True
        if room == 0:  # as with the thousand columns of a frame: there is no other place
            return False
        if _equal(span, original.start):
            return True
        if self._vain[original.start] >= _VAIN_SEARCHES:
            return False
        # Columns are copied one after the other: the next one mostly stands behind the last one.
        end = original.start + original.size_bytes
        behind = self._found_at.get(original.start, original.start)
        found = _found(span, behind, end) or _found(span, original.start, end)
        self._vain[original.start] = 0 if found else self._vain[original.start] + 1
        if found:
            self._found_at[original.start] = found + span.size_bytes
        return bool(found)

    def shared_bytes(self, span: Span, original: Span) -> int:
        """The run of an original's bytes that a span has, if it is more than half of them; 0 otherwise.

        Such a run has the original's middle in it, so that no other place has to be looked for: that is how
        a body is found behind another header, or in a buffer that is larger than it.
        """
        needle = _telling(original)
        if needle is None:
            return 0
        end, position = span.start + span.size_bytes, span.start
        for _ in range(_MOST_HITS):
            found: int | None = _LIBC.memmem(position, end - position, needle, _NEEDLE_BYTES)
            if found is None:
                return 0
            before = _run_before(found, needle, min(found - span.start, needle - original.start))
            ahead = min(end - found, original.start + original.size_bytes - needle)
            run_bytes = before + _run_ahead(found, needle, ahead)
            if 2 * run_bytes > original.size_bytes:
                return run_bytes
            position = found + 1
        return 0


def _telling(original: Span) -> int | None:
    """The address of a needle near the middle whose bytes aren't all the same; ``None`` if all are."""
    middle = original.start + original.size_bytes // 2
    for distance in (0, *(sign << power for power in range(7, 17) for sign in (1, -1))):
        address = middle + distance
        inside = original.start <= address <= original.start + original.size_bytes - _NEEDLE_BYTES
        if inside and len(set(ctypes.string_at(address, _NEEDLE_BYTES))) > 1:
            return address
    return None


def _run_ahead(one: int, other: int, limit_bytes: int) -> int:
    """How many bytes are equal from two addresses on."""
    return _longest(lambda at, size: _same(one + at, other + at, size), limit_bytes)


def _run_before(one: int, other: int, limit_bytes: int) -> int:
    """How many bytes are equal before two addresses."""
    return _longest(lambda at, size: _same(one - at - size, other - at - size, size), limit_bytes)


def _longest(equal: Callable[[int, int], bool], limit_bytes: int) -> int:
    """How far ``equal(at, size)`` holds, in steps that get smaller once it doesn't."""
    run, step = 0, _STEP_BYTES
    while step and run < limit_bytes:
        size = min(step, limit_bytes - run)
        if equal(run, size):
            run += size
        else:
            step //= 2
    return run


def _found(span: Span, start: int, end: int) -> int | None:
    """Where a span's bytes stand between two addresses; they are taken by their first few."""
    found: int | None = _LIBC.memmem(start, end - start, span.start, _NEEDLE_BYTES)
    whole = found is not None and found + span.size_bytes <= end and _equal(span, found)
    return found if whole else None


def _equal(span: Span, address: int) -> bool:
    return _same(span.start, address, span.size_bytes)


def _same(one: int, other: int, size_bytes: int) -> bool:
    return bool(_LIBC.memcmp(one, other, size_bytes) == 0)
