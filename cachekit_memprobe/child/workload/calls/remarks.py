"""What a reader of the figures should know of what the user's function returns."""

from collections.abc import Sequence
from typing import Any

from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload import contents
from cachekit_memprobe.child.workload.cached import return_format_of
from cachekit_memprobe.child.workload.calls.workload import CalledWorkload
from cachekit_memprobe.child.workload.digests import digest


def own_cache_remarks(workload: CalledWorkload) -> tuple[str, ...]:
    """What was done in the user's own cache, where they want it to be used."""
    if not workload.call.own_cache:
        return ()
    where = f"the {type(workload.backend).__name__} that the code configures"
    if not workload.backend.frames:
        return (f"the entry was already in {where}, and was only read: nothing was written or deleted there",)
    ttl_s = workload.decorated.ttl_s
    until = f" until it expires (ttl={ttl_s} s)" if ttl_s else ""
    return (
        f"one entry was written to {where}, as --use-own-cache allows, and stays there{until}; nothing was "
        "deleted",
    )


def expired_remark(workload: CalledWorkload) -> str:
    """Why more than the code's own time to live was granted."""
    return (
        f"its entries last for ttl={workload.decorated.ttl_s} s, and one was gone before it was read; the "
        "measured reads are of one that was kept for longer"
    )


def logical_bytes(value: Any, frame_bytes: int) -> int:
    """Of a value that isn't made of what has a size, that of its frame."""
    return contents.logical_bytes(value) if _has_size(value) else frame_bytes


def without_size(value: Any) -> tuple[str, ...]:
    """What to say of an object that has no size, and no frame whose size could stand for it."""
    if _has_size(value):
        return ()
    return (
        f"a {type(value).__name__} has no size of its own, and no frame: figures in payloads say nothing, "
        "those in bytes are what was measured",
    )


def _has_size(value: Any) -> bool:
    if contents.form(value) != contents.OBJECTS:
        return True
    return isinstance(
        value, (str, bytes, bytearray, dict, list, tuple, set, frozenset, int, float, type(None))
    )


def remarks(task: Task, value: Any, digests: Sequence[str]) -> tuple[str, ...]:
    """What a reader of the figures should know of the value.

    Args:
        value: as the function has returned it.
        digests: of the reads of its entry.
    """
    found = []
    if not _has_size(value):
        found.append(
            f"the payload is the size of the frame, as a {type(value).__name__} has no size of its own"
        )
    if len(set(digests)) > 1:
        found.append(
            "it is not proven that a read returns what was stored: two reads of the same entry look different"
        )
    elif digest(value, return_format=return_format_of(task, value)) != digests[0]:
        found.append(
            "what is read is not quite what the function returned, as the serializer changes some types "
            "(tuples, say); each read is proven to be the same as the others"
        )
    return tuple(found)
