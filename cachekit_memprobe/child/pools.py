"""Arrow's memory pools, by their own counters.

memray sees what the system pool takes, since that is the C library's malloc; of the others it sees address
space, or nothing.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_UNSEEN = ("mimalloc", "jemalloc")


@dataclass(frozen=True)
class PoolState:
    """``allocated_bytes`` since the process began, and ``alive_bytes`` of it that are still used."""

    allocated_bytes: int
    alive_bytes: int


def pools() -> Mapping[str, Any]:
    """Every pool that the pyarrow of this process has, by the name of its allocator; none without pyarrow."""
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is None:
        return {}
    built = {name: getattr(pyarrow, f"{name}_memory_pool") for name in pyarrow.supported_memory_backends()}
    return {name: pool() for name, pool in built.items()}


def unseen_pools() -> Mapping[str, Any]:
    """Those that memray doesn't see."""
    return {name: pool for name, pool in pools().items() if name in _UNSEEN}


def state_of(pool: Any) -> PoolState:
    """Of one pool. A pyarrow before 20 tells what is alive only, so that what came and went is missing."""
    alive_bytes = int(pool.bytes_allocated())
    total = getattr(pool, "total_bytes_allocated", None)
    return PoolState(alive_bytes if total is None else int(total()), alive_bytes)


def alive_bytes() -> int:
    """In all pools together."""
    return sum(int(pool.bytes_allocated()) for pool in pools().values())
