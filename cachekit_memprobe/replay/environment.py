"""The environment that a measured process gets: nothing of the user's but what it needs to start.

A secret such as CACHEKIT_MASTER_KEY would change what is measured (releases 0.7 to 0.20 silently
encrypt), and a release up to 0.19 writes into the home directory.
"""

import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from cachekit_memprobe.model import Scenario

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "TZ")

_PINNED_ALLOCATORS = {
    # memray sees buffers of the system pool; of mimalloc's it sees arenas or nothing.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # Every block from 64 KiB on is a mapping of its own: its pages fault once, and freeing returns them.
    # Otherwise glibc moves the threshold as the program runs, and figures change with it.
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TOP_PAD_": "0",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    # jemalloc, of polars, otherwise keeps what was freed, and the next read grows nothing.
    "_RJEM_MALLOC_CONF": "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0",
    # NumPy asks for huge pages by itself.
    "NUMPY_MADVISE_HUGEPAGE": "0",
}


def child_environment(scenario: Scenario, *, home: Path, pinned: bool) -> Mapping[str, str]:
    """The whole environment of a child.

    Args:
        scenario: for the settings of cachekit that only the environment can make.
        home: an empty folder of the child's own.
        pinned: make the allocators repeatable; without it the target's own choice is measured.
    """
    value_bytes = max(1 << 30, 8 * scenario.value.logical_bytes)
    settings = {
        "CACHEKIT_MAX_VALUE_SIZE": str(value_bytes),
        "CACHEKIT_ARROW_COMPRESSION": scenario.caching.compression,
    }
    if scenario.caching.encryption:
        # The store's and the reads' home differ, and with them the identity that cachekit would make up.
        settings["CACHEKIT_DEPLOYMENT_UUID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, scenario.name))
    own = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
    }
    inherited = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**inherited, **own, **settings, **(_PINNED_ALLOCATORS if pinned else {})}
