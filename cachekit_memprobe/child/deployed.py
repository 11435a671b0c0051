"""Whether the allocators that the environment asks for are those that this process has."""

import os
import re
from pathlib import Path

from cachekit_memprobe.child.errors import CouldNotMeasure

_MAPS = Path("/proc/self/maps")


def require_allocators() -> None:
    """Refuse a process whose loader or whose Arrow went on without what the environment names.

    Raises:
        CouldNotMeasure: with the variable and its value.
    """
    _require_preloaded()
    _require_pool()


def _require_preloaded() -> None:
    """The loader only warns of a library that it can't find."""
    wanted = [name for name in re.split("[ :]+", os.environ.get("LD_PRELOAD", "")) if name]
    if not wanted or not _MAPS.exists():
        return
    lines = _MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
    loaded = {os.path.basename(line) for line in lines}
    for name in wanted:
        # The kernel has the file that a symbolic link leads to.
        if not {os.path.basename(name), os.path.basename(os.path.realpath(name))} & loaded:
            raise CouldNotMeasure(
                f"LD_PRELOAD names {os.path.basename(name)}, which the loader did not load; correct it, or "
                "unset it"
            )


def _require_pool() -> None:
    """Arrow only warns of a pool that it doesn't have."""
    wanted = os.environ.get("ARROW_DEFAULT_MEMORY_POOL")
    if not wanted:
        return
    import pyarrow as pa

    found = pa.default_memory_pool().backend_name
    if found != wanted:
        raise CouldNotMeasure(
            f"ARROW_DEFAULT_MEMORY_POOL is {wanted!r}, which this pyarrow doesn't have: it uses {found}; "
            "correct it, or unset it"
        )
