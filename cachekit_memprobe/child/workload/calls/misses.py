"""Why a call is never a hit, as far as the function, its cache and its backend tell."""

from typing import Any

from cachekit_memprobe.child.printable import shortened
from cachekit_memprobe.child.workload.backends import failure_of
from cachekit_memprobe.child.workload.calls.workload import CalledWorkload

_LONGEST = 400


def why_no_hit(workload: CalledWorkload, took_s: float, warned: str) -> str:
    """A sentence for a function that was called again and ran again.

    Args:
        took_s: from before the first call to after the last.
        warned: what cachekit has logged last.
    """
    info = workload.decorated.wrapper.cache_info()
    counted = f"{info.hits} hits and {info.misses} misses"
    return (
        f"{workload.call.function} is never read from the cache, but runs each time: cache_info() counts "
        f"{counted}. {_reason(workload, took_s, warned)}"
    )


def _reason(workload: CalledWorkload, took_s: float, warned: str) -> str:
    ttl_s, failure = workload.decorated.ttl_s, failure_of(workload.backend)
    if ttl_s is not None and ttl_s <= took_s:
        return f"Its entries last for ttl={ttl_s} s, and to call it again took {took_s:.1f} s"
    if failure:
        return f"The backend refused the entry: {shortened(failure, _LONGEST)}{_limit(workload.backend)}"
    if not workload.backend.frames and not workload.backend.gets:
        key = "its key function" if workload.decorated.key_of_own else "its arguments"
        return f"The backend was never asked: no key could be made of {key}{_logged(warned)}"
    if not workload.backend.frames:
        return f"Nothing was stored: the value can't be serialized, or is too large{_logged(warned)}"
    return f"What was stored was not found, or was refused, when it was read{_logged(warned)}"


def _logged(warned: str) -> str:
    return f"; cachekit says: {shortened(warned, _LONGEST)}" if warned else ""


def _limit(backend: Any) -> str:
    """That of the File backend, which is the one that is met most."""
    limit_mb = getattr(getattr(backend, "config", None), "max_value_mb", None)
    return f" (max_value_mb is {limit_mb})" if limit_mb else ""
