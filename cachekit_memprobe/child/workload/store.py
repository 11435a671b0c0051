"""Make the value and cache it, in a process that is then gone: the reader has never held it."""

from pathlib import Path

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.stages import CONNECTED
from cachekit_memprobe.child.task import WARM_UP, Stored, Task
from cachekit_memprobe.child.workload import contents, rows
from cachekit_memprobe.child.workload.backends import failure_of
from cachekit_memprobe.child.workload.cached import Workload, by_reference
from cachekit_memprobe.child.workload.digests import digest, exact_digest

_OF_JSON = ("nested", "file")
"""Kinds of which a value that isn't a table or an array has no types but JSON's."""


def store(task: Task) -> Stored:
    """Cache the warm-up value and the measured ones, and write down how to find them again.

    A cache by reference has nothing to store in: its values are only made and described.

    Raises:
        CouldNotMeasure: cachekit did not store the value.
    """
    workload = Workload(task)
    keys: dict[str, str] = {}
    digests: dict[str, str] = {}
    exact_digests: dict[str, str] = {}
    frame_bytes: dict[str, int] = {}
    form, logical_bytes, count = "", 0, None
    for which in (WARM_UP, *task.read.names):
        value = workload.make(which) if by_reference(task) else workload.read(which)
        digests[which] = digest(value, return_format=task.caching.return_format)
        exact_digests[which] = exact_digest(value) if task.value.kind in _OF_JSON else ""
        form, logical_bytes, count = (
            contents.form(value),
            contents.logical_bytes(value),
            rows.rows_of(value),
        )
        del value
        frame_bytes[which] = 0
        if not by_reference(task):
            keys[which] = _stored_key(workload, which, known=set(keys.values()))
            frame_bytes[which] = _frame_bytes(task, workload, which, keys[which])
    return Stored(keys, digests, exact_digests, frame_bytes, form, logical_bytes, count)


def _frame_bytes(task: Task, workload: Workload, which: str, key: str) -> int:
    """The size of the stored frame."""
    failed = failure_of(workload.backend)
    if failed or not workload.backend.exists(key):
        reason = f": {failed}" if failed else "; see the target's log below"
        raise CouldNotMeasure(f"cachekit did not store the {which} value{reason}")
    if _is_kept_apart(task):
        frame_file(task, which).write_bytes(workload.backend.get(key))
    told = workload.backend.frames[key]
    return len(workload.backend.get(key)) if told is None else int(told)


def stored_frame(task: Task, workload: Workload, which: str) -> bytes:
    """The frame, for a process that puts it into L1."""
    if _is_kept_apart(task):
        return frame_file(task, which).read_bytes()
    return bytes(workload.backend.get(task.stored.keys[which]))


def frame_file(task: Task, which: str) -> Path:
    """Where a frame waits that is kept apart."""
    return Path(task.workspace) / f"{which}.frame"


def _is_kept_apart(task: Task) -> bool:
    """Whether the frame for L1 mustn't come from the backend: its connection would keep a buffer of it."""
    return task.read.tier == "l1" and task.caching.backend in CONNECTED


def _stored_key(workload: Workload, which: str, known: set[str]) -> str:
    fresh = [key for key in workload.backend.frames if key not in known]
    if not fresh:
        raise CouldNotMeasure(f"cachekit did not store the {which} value; see the target's log below")
    return str(fresh[0])
