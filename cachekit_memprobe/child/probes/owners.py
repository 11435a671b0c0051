"""What the owner of a piece of memory can do with it: move it, have it written to, unmap it."""

import ctypes
from typing import Any

from cachekit_memprobe.child.probes.images import Span

_SAMPLES = 16


def base_of(owner: Any) -> type:
    """Of a view, the type of what it is a view of."""
    base = owner
    while isinstance(base, memoryview):
        try:
            base = base.obj
        except ValueError:  # released
            break
    return type(base)


def may_move(owner: Any) -> bool:
    """Whether its memory may be taken anew as it grows."""
    return isinstance(owner, bytearray) or (hasattr(owner, "address") and hasattr(owner, "resize"))


def can_be_filled(owner: Any) -> bool:
    """Whether code can write into it after it was made, as into a buffer that is kept for that."""
    if isinstance(owner, memoryview):
        return not owner.readonly
    flags = getattr(owner, "flags", None)
    return isinstance(owner, bytearray) or bool(
        getattr(owner, "is_mutable", False) or getattr(flags, "writeable", False)
    )


def sample(span: Span) -> bytes:
    """A few bytes from all over a span, which tell that it was written to."""
    step = max(1, (span.size_bytes - 8) // _SAMPLES)
    places = range(span.start, span.start + span.size_bytes - 7, step)
    return b"".join(ctypes.string_at(place, 8) for place in places)
