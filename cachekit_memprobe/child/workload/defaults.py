"""What the release's own settings would make of the scenario's read, and what has to be set for it.

The workload is made so that the read is possible. Here the release itself is asked, in the process that
stores the value, what it does without that: its L1 is given a frame of that size, its limits are read, and a
small value is stored and read through the File backend as it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from inspect import signature, unwrap
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.route import EXPECTED, Counts
from cachekit_memprobe.child.task import WARM_UP, Need, NeedKind, Task
from cachekit_memprobe.child.workload.backends import open_plain_file_backend
from cachekit_memprobe.child.workload.cached import BY_REFERENCE, Workload
from cachekit_memprobe.child.workload.contents import TABLE

_MB = 1 << 20
_NAMESPACE = "memprobe-defaults"
_LARGEST_L1_MB = 1 << 20


def needs_of(task: Task, frame_bytes: Sequence[int], form: str) -> tuple[Need, ...]:
    """What has to be set for this read, in the order in which a reader should know it.

    Args:
        frame_bytes: of the measured values.
        form: of them, see :mod:`.contents`.
    """
    if task.caching.backend in BY_REFERENCE:
        return ()
    try:
        needs = (
            *_way(task),
            *_l1(task, frame_bytes),
            *_value_size(max(frame_bytes)),
            *_backend(task, max(frame_bytes)),
        )
        return (*needs, *_compression(task)) if needs and form == TABLE else needs
    except Exception as error:
        # A release that has moved what is asked here is measured all the same.
        return (Need("unknown", instead=f"{type(error).__name__}: {error}"),)


def _way(task: Task) -> Iterator[Need]:
    """The way that the read takes if the File backend may do all that it can: write in a stream, map."""
    if task.caching.backend != "file":
        return
    wanted = EXPECTED[task.read.tier, task.read.route]
    usual = _usual_counts(task)
    if usual != wanted:
        way = next((name for name, counts in _WAYS.items() if counts == usual), "other")
        asynchronous = replace(task, read=replace(task.read, asynchronous=True))
        by_async = not task.read.asynchronous and _usual_counts(asynchronous) == wanted
        yield Need("async" if by_async else "backend", instead=way)


_WAYS = {
    "l1": EXPECTED["l1", "memory"],
    "get": EXPECTED["l2", "get"],
    "map": EXPECTED["l2", "map"],
}


def _usual_counts(task: Task) -> Counts:
    """What the second call of such a function counts, with a small value."""
    name = f"{_NAMESPACE}-async" if task.read.asynchronous else _NAMESPACE
    one = replace(
        task,
        workspace=str(Path(task.workspace) / name),
        read=replace(task.read, readers=1, keys=1),
        link=replace(task.link, namespace=name),
    )
    workload = Workload(one, open_plain_file_backend(one))
    try:
        workload.read(WARM_UP)
        if task.caching.l1 and task.read.tier == "l2":
            _l1_cache(name).clear()
        before = workload.counts()
        workload.read(WARM_UP)
        return workload.counts() - before
    finally:
        workload.close()


def _l1(task: Task, frame_bytes: Sequence[int]) -> Iterator[Need]:
    """How large L1 has to be, if its default size doesn't take the frames."""
    if not task.caching.l1:
        return
    usual = _l1_cache(f"{_NAMESPACE}-l1")
    if _takes(usual, frame_bytes):
        return
    limit_bytes = _largest(lambda size_bytes: _takes(usual, [size_bytes]), usual.max_memory_bytes)
    kind = type(usual)
    too_small_mb = _largest(lambda mb: not _takes(kind(max_memory_mb=mb), frame_bytes), _LARGEST_L1_MB)
    from cachekit.l1_cache import get_l1_cache

    settable = "max_size_mb" in signature(get_l1_cache).parameters
    what: NeedKind = "l1_size" if settable else "l1_attribute"
    yield Need(what, limit_bytes, (too_small_mb + 1) * _MB)


def _takes(cache: Any, frame_bytes: Sequence[int]) -> bool:
    """Whether L1 holds frames of these sizes at the same time. Their pages are never touched."""
    cache.clear()
    for number, size_bytes in enumerate(frame_bytes):
        cache.put(f"{_NAMESPACE}:{number}", bytes(size_bytes), redis_ttl=3600)
    held = all(cache.get(f"{_NAMESPACE}:{number}")[0] for number in range(len(frame_bytes)))
    cache.clear()
    return held


def _largest(holds: Callable[[int], bool], highest: int) -> int:
    """The largest number up to ``highest`` of which a condition holds, as it does of all below; or 0."""
    low, high = 0, highest + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _l1_cache(namespace: str) -> Any:
    from cachekit.l1_cache import get_l1_cache

    return get_l1_cache(namespace)


def _value_size(frame_bytes: int) -> Iterator[Need]:
    """``max_value_size``, which releases before 0.14.0 have and don't look at."""
    from cachekit.cache_handler import CacheSerializationHandler
    from cachekit.config.settings import CachekitConfig

    name = "max_value_size"
    if name in unwrap(CacheSerializationHandler.serialize_data).__code__.co_names:
        limit_bytes = CachekitConfig.model_fields[name].default
        if frame_bytes > limit_bytes:
            yield Need("max_value_size", limit_bytes, frame_bytes)


def _backend(task: Task, frame_bytes: int) -> Iterator[Need]:
    """The largest value that the backend stores."""
    if task.caching.backend == "file":
        from cachekit.backends.file.config import FileBackendConfig

        limit_bytes = FileBackendConfig.model_fields["max_value_mb"].default * _MB
        if frame_bytes > limit_bytes:
            yield Need("file_value", limit_bytes, frame_bytes)
    if task.caching.backend == "memcached":
        from cachekit.backends.memcached.config import MemcachedBackendConfig

        limit_bytes = MemcachedBackendConfig.model_fields["max_item_size_bytes"].default
        if frame_bytes > limit_bytes:
            yield Need("memcached_item", limit_bytes, frame_bytes)


def _compression(task: Task) -> Iterator[Need]:
    """That of the Arrow format, where it isn't the release's own; told beside other needs only."""
    if task.caching.serializer not in ("arrow", "auto"):
        return
    from cachekit.config.settings import CachekitConfig

    field = CachekitConfig.model_fields.get("arrow_compression")
    if field is not None and field.default != task.caching.compression:
        yield Need("compression", instead=str(field.default))
