"""What this machine and the target can and can't measure, and what to do about it.

Only the target's own packages can be asked where there is a target; the machine is always asked.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from cachekit_memprobe.doctor.check import Check, Status, Subject
from cachekit_memprobe.doctor.kernel import huge_pages, peak_reset, platform
from cachekit_memprobe.doctor.libraries import (
    arrow_pool,
    cachekit,
    memray,
    no_target,
    orjson,
    pymemcache,
)
from cachekit_memprobe.doctor.room import free_disk, free_memory
from cachekit_memprobe.doctor.tools import memcached, redis_server, uv
from cachekit_memprobe.model import Scenario, Target

__all__ = ["Check", "Status", "checks"]

_OF_THE_TARGET: tuple[Callable[[Subject], Check], ...] = (
    cachekit,
    memray,
    arrow_pool,
    orjson,
    pymemcache,
)
_OF_THE_MACHINE: tuple[Callable[[Subject], Check], ...] = (
    platform,
    peak_reset,
    huge_pages,
    free_memory,
    free_disk,
    uv,
    redis_server,
    memcached,
)


def checks(
    target: Target | None,
    size_bytes: int,
    problem: str | None = None,
    scenarios: Sequence[Scenario] = (),
) -> tuple[Check, ...]:
    """Examine the target, then the machine; nothing is raised, all is told.

    Args:
        target: what would be measured; ``None`` when it could not be resolved.
        size_bytes: the payload's size that is asked for.
        problem: why there is no target.
        scenarios: of that size, for which there has to be room.
    """
    python, versions = (Path(sys.executable), {}) if target is None else (target.python, target.versions)
    subject = Subject(python, versions, size_bytes, tuple(scenarios))
    if target is None:
        of_target: tuple[Check, ...] = (no_target(problem),)
    else:
        of_target = tuple(check(subject) for check in _OF_THE_TARGET)
    return (*of_target, *(check(subject) for check in _OF_THE_MACHINE))
