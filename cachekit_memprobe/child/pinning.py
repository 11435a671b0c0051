"""Allocators pinned in a process that runs already, as far as that is possible there.

A process that is started gets the same by its environment, which says more: of what was allocated before,
nothing changes here, and Arrow's own C++ code may go on to use the pool that it began with.
"""

import ctypes
import sys
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_SETTINGS = {_M_MMAP_THRESHOLD: 65536, _M_TOP_PAD: 0, _M_TRIM_THRESHOLD: 131072}


def pin() -> None:
    """Have large blocks be mappings of their own, and Arrow take its buffers from where memray sees them."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in _SETTINGS.items():
            mallopt(option, value)
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.set_memory_pool(arrow.system_memory_pool())
    multiarray = sys.modules.get("numpy._core.multiarray") or sys.modules.get("numpy.core.multiarray")
    with suppress(AttributeError, TypeError):
        multiarray._set_madvise_hugepage(0)  # type: ignore[union-attr]
