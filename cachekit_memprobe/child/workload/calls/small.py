"""Store the small value that the reading processes warm up with, made of the measured one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cachekit_memprobe.child.task import MEASURED, WARM_UP, Task
from cachekit_memprobe.child.workload.cached import return_format_of
from cachekit_memprobe.child.workload.calls.smaller import smaller
from cachekit_memprobe.child.workload.calls.stand_in import SUFFIX, standing_in
from cachekit_memprobe.child.workload.calls.workload import CalledWorkload
from cachekit_memprobe.child.workload.digests import digest
from cachekit_memprobe.child.workload.store import frame_file, is_kept_apart


@dataclass(frozen=True)
class Entry:
    """A stored value, as :class:`.task.Stored` tells of it."""

    key: str
    digest: str
    frame_bytes: int


def store_small(task: Task, workload: CalledWorkload, key: str, value: Any) -> Entry | None:
    """Store it by the user's own decorator, with a key of its own in the backend.

    Args:
        key: of the measured value, by which the decorator asks for both.

    Returns:
        ``None`` where there is none: of what can't be cut, and in the user's own cache, where nothing but the
        one entry may be written. The measured value itself then takes its place.
    """
    if workload.call.own_cache:
        return None
    try:
        part = smaller(value)
        return None if part is None else _stored(task, workload, key, part)
    except Exception:  # the code of a value's own type, of a serializer, of a key function
        return None


def _stored(task: Task, workload: CalledWorkload, key: str, part: Any) -> Entry | None:
    small_key, backend = key + SUFFIX, workload.backend
    _empty_l1(workload)
    code = _awaited(part) if workload.decorated.asynchronous else _plain(part)
    with standing_in(backend, key, small_key), workload.decorated.running(code):
        workload.read(MEASURED)
        _empty_l1(workload)
        before = workload.counts()
        read = workload.read(MEASURED)
        hits = (workload.counts() - before).l2_hits
    _empty_l1(workload)
    if hits != 1 or not backend.exists(small_key):
        return None
    frame = bytes(backend.get(small_key))
    if is_kept_apart(task):
        frame_file(task, WARM_UP).write_bytes(frame)
    backend.set(small_key, frame, task.ttl_s)
    return Entry(small_key, digest(read, return_format=return_format_of(task, read)), len(frame))


def _plain(value: Any) -> Callable[..., Any]:
    return lambda *_args, **_kwargs: value


def _awaited(value: Any) -> Callable[..., Any]:
    async def answer(*_args: Any, **_kwargs: Any) -> Any:
        return value

    return answer


def _empty_l1(workload: CalledWorkload) -> None:
    if workload.decorated.l1 is not None:
        workload.l1().clear()
