"""Limits on the memory of this process, for the moment in which it reads a file that may be anybody's.

Never in a process that measures: what an allocator does near a limit is no part of a read.
"""

import contextlib
import re
import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")
_DATA = re.compile(r"^VmData:\s+(\d+) kB$", re.MULTILINE)


def bound_addresses(size_bytes: int) -> None:
    """Let this process have no more than that in all, its libraries included."""
    _bound(resource.RLIMIT_AS, size_bytes)


def bound_growth(size_bytes: int) -> None:
    """Let this process have no more private memory than that in addition to what it has. Linux only."""
    with contextlib.suppress(OSError):
        if found := _DATA.search(_STATUS.read_text()):
            _bound(resource.RLIMIT_DATA, int(found[1]) * 1024 + size_bytes)


def _bound(kind: int, size_bytes: int) -> None:
    """Where there is a lower limit, or a system has none of the kind, it stays as it is."""
    soft, hard = resource.getrlimit(kind)
    limits = [limit for limit in (soft, hard, size_bytes) if limit != resource.RLIM_INFINITY]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (min(limits), hard))
