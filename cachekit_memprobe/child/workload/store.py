"""Make the value and cache it, in a process that is then gone: the reader has never held it."""

from pathlib import Path
from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.shortage import with_shortage
from cachekit_memprobe.child.stages import CONNECTED
from cachekit_memprobe.child.task import MEASURED, WARM_UP, Stored, Task
from cachekit_memprobe.child.workload import contents, rows
from cachekit_memprobe.child.workload.backends import failure_of
from cachekit_memprobe.child.workload.cached import Workload, by_reference
from cachekit_memprobe.child.workload.defaults import needs_of
from cachekit_memprobe.child.workload.digests import digest, exact_digest

_LARGE_FRAME = 3
"""Times the value, from which on the parts of the frame are counted."""

_ARROW_FILE = b"ARROW1\0\0"
_LONGEST_HEAD = 1 << 16

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
            keys[which] = _stored_key(task, workload, which, known=set(keys.values()))
            frame_bytes[which] = _frame_bytes(task, workload, which, keys[which])
    measured_bytes = [frame_bytes[which] for which in task.read.names]
    return Stored(
        keys=keys,
        digests=digests,
        exact_digests=exact_digests,
        frame_bytes=frame_bytes,
        form=form,
        logical_bytes=logical_bytes,
        rows=count,
        record_batches=_record_batches(task, workload, keys, measured_bytes[0], logical_bytes),
        needs=needs_of(task, measured_bytes, form),
    )


def _record_batches(
    task: Task, workload: Workload, keys: dict[str, str], frame_bytes: int, logical_bytes: int
) -> int:
    """How many record batches a large frame has; 0 where that isn't of interest or can't be seen."""
    if frame_bytes < _LARGE_FRAME * logical_bytes or task.caching.encryption:
        return 0
    frame = memoryview(workload.backend.get(keys[MEASURED]))
    start = bytes(frame[:_LONGEST_HEAD]).find(_ARROW_FILE)
    if start < 0:
        return 0
    import pyarrow as pa

    try:
        with pa.ipc.open_file(pa.py_buffer(frame[start:])) as reader:
            return int(reader.num_record_batches)
    except pa.ArrowInvalid:
        return 0


def _frame_bytes(task: Task, workload: Workload, which: str, key: str) -> int:
    """The size of the stored frame."""
    if failure_of(workload.backend) or not workload.backend.exists(key):
        raise _not_stored(task, workload, which)
    if is_kept_apart(task):
        frame_file(task, which).write_bytes(workload.backend.get(key))
    told = workload.backend.frames[key]
    return len(workload.backend.get(key)) if told is None else int(told)


def stored_frame(task: Task, workload: Any, which: str) -> bytes:
    """The frame, for a process that puts it into L1."""
    if is_kept_apart(task):
        return frame_file(task, which).read_bytes()
    frame = workload.backend.get(task.stored.keys[which])
    if frame is None:
        raise CouldNotMeasure(
            "the backend has no entry where another process has stored one: it has expired, or the backend "
            "keeps its entries in the process itself, and no other can read them"
        )
    return bytes(frame)


def frame_file(task: Task, which: str) -> Path:
    """Where a frame waits that is kept apart."""
    return Path(task.workspace) / f"{which}.frame"


def is_kept_apart(task: Task) -> bool:
    """Whether the frame for L1 mustn't come from the backend: its connection would keep a buffer of it."""
    return task.read.tier == "l1" and task.caching.backend in CONNECTED


def _stored_key(task: Task, workload: Workload, which: str, known: set[str]) -> str:
    fresh = [key for key in workload.backend.frames if key not in known]
    if not fresh:
        raise _not_stored(task, workload, which)
    return str(fresh[0])


def _not_stored(task: Task, workload: Workload, which: str) -> CouldNotMeasure:
    reason = failure_of(workload.backend) or _refusal(task, workload, which)
    told = f"; {reason}" if reason else "; see the target's log below"
    return CouldNotMeasure(with_shortage(f"cachekit did not store the {which} value{told}"))


def _refusal(task: Task, workload: Workload, which: str) -> str:
    """Why the serializer refuses a value, of which cachekit's log has the type of the error only."""
    if task.caching.serializer != "orjson":
        return ""
    import orjson

    try:
        orjson.dumps(workload.make(which))
    except (TypeError, ValueError, RecursionError) as error:
        return f"orjson can't write it: {error}"
    return ""
