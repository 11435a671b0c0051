"""What a reader of the figures should know of what the user's function returns."""

from collections.abc import Sequence
from typing import Any

from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload import contents
from cachekit_memprobe.child.workload.cached import return_format_of
from cachekit_memprobe.child.workload.digests import digest


def logical_bytes(value: Any, frame_bytes: int) -> int:
    """Of a value that isn't made of what has a size, that of its frame."""
    return contents.logical_bytes(value) if _has_size(value) else frame_bytes


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
