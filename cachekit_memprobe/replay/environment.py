"""The environment that a measured process gets: nothing of the user's but what it needs to start.

And what a scenario or ``--env`` gives it; as deployed, the user's own settings for allocators as well.
A secret such as CACHEKIT_MASTER_KEY would change what is measured (releases 0.7 to 0.20 silently
encrypt), and a release up to 0.19 writes into the home directory.
"""

import uuid
from collections.abc import Mapping
from pathlib import Path

from cachekit_memprobe import processes, variables
from cachekit_memprobe.model import Scenario

_PINNED_ALLOCATORS = {
    # memray sees buffers of the system pool; of mimalloc's it sees arenas or nothing.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # Every block from 64 KiB on is a mapping of its own: its pages fault once, and freeing returns them.
    # Otherwise glibc moves the threshold as the program runs, and figures change with it.
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TOP_PAD_": "0",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    # mimalloc, another of Arrow's pools, otherwise gives back what was freed a second later, or never.
    "MIMALLOC_PURGE_DELAY": "0",
    # jemalloc, of polars, otherwise keeps what was freed, and the next read grows nothing.
    "_RJEM_MALLOC_CONF": "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0",
    # NumPy asks for huge pages by itself.
    "NUMPY_MADVISE_HUGEPAGE": "0",
    # Threads that wait for work by spinning, 0.1 s of CPU in each process, and that no read has any for.
    "OPENBLAS_NUM_THREADS": "1",
}


_IDENTITY = str(uuid.uuid5(uuid.NAMESPACE_OID, "cachekit-memprobe"))


_HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Page faults are most of what it costs to touch a value. Where pages aren't counted, a large block may have
some of 2 MiB."""


def child_environment(
    scenario: Scenario, *, home: Path, pinned: bool, counts_pages: bool
) -> Mapping[str, str]:
    """The whole environment of a child.

    Args:
        scenario: for the settings of cachekit that only the environment can make.
        home: an empty folder of the child's own.
        pinned: make the allocators repeatable; without it those of the deployment are measured, with the
            settings that this process's own environment and the scenario have for them.
        counts_pages: what is resident in it is looked at.
    """
    settings = {
        **({} if scenario.value.call else _of_made_values(scenario)),
        # What is encrypted is bound to it, and cachekit would make one up for each home. Nothing else reads
        # it, so that all processes may have it: the fewer environments, the fewer launchers.
        "CACHEKIT_DEPLOYMENT_UUID": _IDENTITY,
    }
    own = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
    }
    inherited = processes.scrubbed(*processes.OPENBLAS, *processes.TIME_ZONE)
    given = {
        name: value
        for name, value in scenario.environment.items()
        if not (pinned and variables.is_allocator(name))
    }
    return {**inherited, **own, **settings, **_allocators(pinned=pinned, counts_pages=counts_pages), **given}


def _of_made_values(scenario: Scenario) -> Mapping[str, str]:
    """What only the environment can set; of the user's own function it is as their code has it."""
    value_bytes = max(1 << 30, 8 * scenario.value.logical_bytes)
    return {
        "CACHEKIT_MAX_VALUE_SIZE": str(value_bytes),
        "CACHEKIT_ARROW_COMPRESSION": scenario.caching.compression,
    }


def _allocators(*, pinned: bool, counts_pages: bool) -> Mapping[str, str]:
    if not pinned:
        return variables.allocator_settings()
    return _PINNED_ALLOCATORS if counts_pages else {**_PINNED_ALLOCATORS, **_HUGE_PAGES}
