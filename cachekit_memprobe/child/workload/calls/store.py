"""Call the user's function once, and find out by calling it again how its reads go."""

import json
import time
from dataclasses import dataclass, replace
from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.route import Counts
from cachekit_memprobe.child.task import MEASURED, WARM_UP, Found, Stored, Task
from cachekit_memprobe.child.workload import contents, rows
from cachekit_memprobe.child.workload.cached import by_reference, return_format_of
from cachekit_memprobe.child.workload.calls.again import Runs
from cachekit_memprobe.child.workload.calls.given import NOTE
from cachekit_memprobe.child.workload.calls.imported import for_want_of, told
from cachekit_memprobe.child.workload.calls.misses import why_no_hit
from cachekit_memprobe.child.workload.calls.refusals import Refusals
from cachekit_memprobe.child.workload.calls.remarks import (
    expired_remark,
    logical_bytes,
    own_cache_remarks,
    remarks,
    without_size,
)
from cachekit_memprobe.child.workload.calls.small import Entry, store_small
from cachekit_memprobe.child.workload.calls.workload import CalledWorkload
from cachekit_memprobe.child.workload.digests import digest
from cachekit_memprobe.child.workload.store import frame_file, is_kept_apart

_SHORT_S = 60
"""An entry that lasts longer was there when it was read a moment later."""

_QUICK_S = 10.0
"""A function that takes longer isn't run a second time for the sake of a remark."""


@dataclass(frozen=True)
class _First:
    """The first call, which stores what it returns."""

    value: Any
    took_s: float
    refusals: Refusals
    runs: Runs


@dataclass(frozen=True)
class _Calls:
    """What was counted of each call that followed the first, and the digest of what it returned.

    Attributes:
        frame: ``None`` if the backend has no entry.
        expired: one was gone before it could be read, so that another was kept for longer.
        second: as any later call of a program.
        emptied: with L1 emptied before; the same as ``second`` for a function without L1.
        after: the next one.
    """

    key: str
    frame: bytes | None
    expired: bool
    second: Counts
    emptied: Counts
    after: Counts
    digests: tuple[str, ...]


def store(task: Task) -> Stored:
    """Call the function, so that its value is stored, and see how the next calls read it.

    Raises:
        CouldNotMeasure: it fails, is never read from the cache, or not from the tier that was asked for.
    """
    workload = CalledWorkload(task)
    first = _first_call(task, workload)
    if by_reference(task):
        return _of_object(task, workload, first)
    stored = time.monotonic()
    calls = _call_again(task, workload)
    if calls.frame is None or not (_is_hit(calls.second) and calls.emptied.l2_hits):
        reason = why_no_hit(workload, time.monotonic() - stored, calls.second, first.refusals)
        raise CouldNotMeasure("; ".join((reason, *own_cache_remarks(workload))))
    key, frame, value = calls.key, calls.frame, first.value
    found = _found(task, workload, calls, len(frame), value)
    reading = replace(task, read=replace(task.read, tier=found.tier))
    if is_kept_apart(reading):
        frame_file(task, MEASURED).write_bytes(frame)
    notes = (
        *_of_a_fork(task),
        *own_cache_remarks(workload),
        *([expired_remark(workload)] if calls.expired else []),
        *remarks(task, value, calls.digests),
        *_again(first),
    )
    small = store_small(reading, workload, key, value)
    known = calls.digests[0] if len(set(calls.digests)) == 1 else ""
    return Stored(
        **_entries(Entry(key, known, len(frame)), small),
        form=contents.form(value),
        logical_bytes=logical_bytes(value, len(frame)),
        rows=rows.rows_of(value),
        found=Found(found.tier, found.route, found.backfill, found.compression, notes),
    )


def _entries(measured: Entry, small: Entry | None) -> dict[str, Any]:
    """The mappings of :class:`Stored`."""
    entries = {MEASURED: measured} if small is None else {MEASURED: measured, WARM_UP: small}
    return {
        "keys": {which: entry.key for which, entry in entries.items()},
        "digests": {which: entry.digest for which, entry in entries.items()},
        "exact_digests": dict.fromkeys(entries, ""),
        "frame_bytes": {which: entry.frame_bytes for which, entry in entries.items()},
    }


def _first_call(task: Task, workload: CalledWorkload) -> _First:
    refusals, runs = Refusals(workload.decorated), Runs(task, workload)
    began = time.monotonic()
    try:
        with runs.noted():
            value = workload.read(MEASURED)
    except (Exception, SystemExit) as error:
        how = "failed when it was called" if workload.takes_its_arguments() else "can't be called"
        raise CouldNotMeasure(
            f"{workload.call.function} {how} with {_arguments(workload)}: {told(error)}{for_want_of(error)}"
        ) from error
    return _First(value, time.monotonic() - began, refusals, runs)


def _arguments(workload: CalledWorkload) -> str:
    words = [json.dumps(argument, default=repr) for argument in workload.args]
    words += [f"{name}={json.dumps(value, default=repr)}" for name, value in workload.kwargs.items()]
    return f"({', '.join(words)})" if words else "no arguments"


def _call_again(task: Task, workload: CalledWorkload) -> _Calls:
    digests: list[str] = []

    def counted_call() -> Counts:
        before = workload.counts()
        value = workload.read(MEASURED)
        counts = workload.counts() - before
        if _is_hit(counts):
            digests.append(digest(value, return_format=return_format_of(task, value)))
        return counts

    second = counted_call()
    key = str(workload.backend.last_key)
    frame, expired = _kept(task, workload, key), False
    if not (_is_hit(second) and frame) and _may_have_expired(workload):
        if frame is None:
            counted_call()
            frame = _kept(task, workload, key)
        second, expired = counted_call(), True
    if workload.decorated.l1 is None or frame is None or not _is_hit(second):
        return _Calls(key, frame, expired, second, second, second, tuple(digests))
    workload.l1().clear()
    return _Calls(key, frame, expired, second, counted_call(), counted_call(), tuple(digests))


def _is_hit(counts: Counts) -> bool:
    return bool(counts.l1_hits or counts.l2_hits)


def _may_have_expired(workload: CalledWorkload) -> bool:
    ttl_s = workload.decorated.ttl_s
    return ttl_s is not None and ttl_s <= _SHORT_S and not workload.call.own_cache


def _kept(task: Task, workload: CalledWorkload, key: str) -> bytes | None:
    """The frame; a private entry lasts as long as the measurement from here on, whatever the code says."""
    frame = workload.backend.get(key)
    if frame is None:
        return None
    if not workload.call.own_cache:
        workload.backend.set(key, bytes(frame), task.ttl_s)
    return bytes(frame)


def _found(task: Task, workload: CalledWorkload, calls: _Calls, frame_bytes: int, value: Any) -> Found:
    in_l1 = bool(calls.second.l1_hits or calls.after.l1_hits)
    tier = task.read.tier or ("l1" if in_l1 else "l2")
    in_arrow = contents.form(value) == contents.TABLE and task.caching.serializer in ("arrow", "auto")
    compression = workload.decorated.compression() if in_arrow else "none"
    route = "map" if calls.emptied.maps else "get"
    if tier == "l1":
        if not in_l1:
            raise CouldNotMeasure(_never_in_l1(workload, frame_bytes, route))
        return Found("l1", "memory", False, compression)
    return Found("l2", route, bool(calls.after.l1_hits), compression)


def _never_in_l1(workload: CalledWorkload, frame_bytes: int, route: str) -> str:
    name, cache = workload.call.function, workload.decorated.l1
    instead = "measure how it is read, with tier l2"
    if cache is None:
        return f"{name} has no L1: its decorator says so; {instead}"
    cache.put("memprobe", bytes(frame_bytes), redis_ttl=3600)
    held = cache.get("memprobe")[0]
    cache.clear()
    if not held:
        return (
            f"no read of {name} is an L1 hit: its frame of {frame_bytes:,} bytes is larger than what L1 "
            f"takes, with a budget of {cache.max_memory_bytes:,} bytes (since 0.22 an eighth of it for one "
            f"entry). Raise max_size_mb in its L1CacheConfig, or {instead}"
        )
    how = "maps the file" if route == "map" else "reads the backend"
    return (
        f"no read of {name} is an L1 hit: this cachekit {how} each time and never puts the frame into L1; "
        f"{instead}"
    )


def _again(first: _First) -> tuple[str, ...]:
    """What a second run shows, where there was a first one, and it wasn't slow."""
    return first.runs.remarks() if first.runs.digests and first.took_s <= _QUICK_S else ()


def _of_a_fork(task: Task) -> tuple[str, ...]:
    return (NOTE,) if task.value.call is not None and task.value.call.here else ()


def _of_object(task: Task, workload: CalledWorkload, first: _First) -> Stored:
    """A cache by reference has nothing to store in: each reading process calls the function itself."""
    if task.read.tier in ("l1", "l2"):
        raise CouldNotMeasure(
            f"{workload.call.function} has no backend, so that its cache hands out the object itself, and "
            f"there is no tier {task.read.tier}; leave the tier out, or give it a private backend with "
            "--backend-override file"
        )
    before = workload.counts()
    workload.read(MEASURED)
    second = workload.counts() - before
    if not second.l1_hits:
        raise CouldNotMeasure(why_no_hit(workload, first.took_s, second, first.refusals))
    value, notes = first.value, _again(first)
    known = "" if notes else digest(value, return_format=return_format_of(task, value))
    return Stored(
        keys={},
        digests={MEASURED: known},
        exact_digests={MEASURED: ""},
        frame_bytes={MEASURED: 0},
        form=contents.form(value),
        logical_bytes=max(1, contents.logical_bytes(value)),
        rows=rows.rows_of(value),
        found=Found("reference", "memory", False, "none", (*_of_a_fork(task), *without_size(value), *notes)),
    )
