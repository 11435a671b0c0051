"""Why a call is never a hit, as far as the function, its cache and its backend tell."""

from cachekit_memprobe.child.route import Counts
from cachekit_memprobe.child.workload.backends import failure_of
from cachekit_memprobe.child.workload.cached import by_reference
from cachekit_memprobe.child.workload.calls.refusals import KEY, READ, WRITE, Refusals, readable
from cachekit_memprobe.child.workload.calls.workload import CalledWorkload

_WHOLE_S = 1
"""Entries expire at whole seconds."""

_SETTING = "; a setting of your environment's is given with --env or in [env]"


def why_no_hit(workload: CalledWorkload, took_s: float, second: Counts, refusals: Refusals) -> str:
    """A sentence for a function that was called again and not read from what other processes can read.

    Args:
        took_s: since its entry was stored.
        second: what its second call counted.
    """
    info = workload.decorated.wrapper.cache_info()
    counted = f"{info.hits} hits and {info.misses} misses"
    if second.l1_hits:
        how = "is only read from the process's own cache, and the backend has nothing for another"
    elif _never_asked_again(workload, second):
        how = "is never read from the cache"
    else:
        how = "is never read from the cache, but runs each time"
    reason = _reason(workload, took_s, second, refusals)
    return f"{workload.call.function} {how}: cache_info() counts {counted}. {reason}"


def _reason(workload: CalledWorkload, took_s: float, second: Counts, refusals: Refusals) -> str:
    ttl_s, failure = workload.decorated.ttl_s, failure_of(workload.backend)
    if by_reference(workload.task):
        return (
            "It has no backend, so that only the process's own cache could hold the value, and that doesn't: "
            f"its decorator turns L1 off, or limits it{_logged(refusals)}"
        )
    if refusals.of(KEY) or not (workload.backend.frames or workload.backend.gets):
        return _no_key(workload, refusals)
    if refusals.of(WRITE):
        return f"The value can't be stored: {_with_setting(refusals.of(WRITE))}"
    if failure:
        return f"The backend refused the entry: {_with_setting(readable(failure))}"
    if not workload.backend.frames:
        return f"Nothing was stored{_logged(refusals)}"
    if refusals.of(READ):
        return f"What was stored is refused when it is read: {_with_setting(refusals.of(READ))}"
    if ttl_s is not None and ttl_s <= took_s + _WHOLE_S:
        return f"Its entries last for ttl={ttl_s} s, and it was {took_s:.1f} s later that it was called again"
    if _never_asked_again(workload, second):
        return (
            "Its second call never reached cachekit, but was answered by a decorator around it; name the "
            "function below that one"
        )
    return f"What was stored was not found when it was read{_logged(refusals)}"


def _never_asked_again(workload: CalledWorkload, second: Counts) -> bool:
    return bool(workload.backend.frames) and second == Counts()


def _no_key(workload: CalledWorkload, refusals: Refusals) -> str:
    key = "its key function" if workload.decorated.key_of_own else "its arguments"
    told = f": {refusals.of(KEY)}" if refusals.of(KEY) else _logged(refusals)
    remedy = "" if workload.decorated.key_of_own else ". Give the decorator key=, or plain arguments"
    return f"No key could be made of {key}{told}{remedy}"


def _logged(refusals: Refusals) -> str:
    return f"; cachekit says: {refusals.warned}" if refusals.warned else ""


def _with_setting(error: str) -> str:
    return error + (_SETTING if "CACHEKIT_" in error else "")
