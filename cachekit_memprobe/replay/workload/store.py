"""Make the value and cache it, in a process that is then gone: the reader has never held it.

Importable by the measured child process: standard library and target only.
"""

from pathlib import Path
from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.proof import CannotMeasure
from cachekit_memprobe.replay.workload import values
from cachekit_memprobe.replay.workload.cached import Workload


def store(task: wire.Task) -> dict[str, Any]:
    """Cache the warm-up value and the measured value, and write down how to find them again.

    Returns:
        ``keys`` and ``frame_bytes`` by value, ``digest`` and ``logical_bytes`` of the measured one.

    Raises:
        CannotMeasure: cachekit did not store the value.
    """
    workload = Workload(task)
    keys: dict[str, str] = {}
    frame_bytes: dict[str, int] = {}
    facts: dict[str, Any] = {}
    for which in (wire.WARM_UP, wire.MEASURED):
        value = workload.read(which)
        facts = {"digest": values.digest(value), "logical_bytes": values.logical_bytes(value)}
        del value
        keys[which] = _stored_key(workload, which, known=set(keys.values()))
        frame = workload.backend.get(keys[which])
        if frame is None:
            raise CannotMeasure(f"cachekit did not store the {which} value; see the target's log below")
        frame_bytes[which] = len(frame)
        frame_file(task, which).write_bytes(frame)
        del frame
    return {"keys": keys, "frame_bytes": frame_bytes, **facts}


def frame_file(task: wire.Task, which: str) -> Path:
    """Where the frame waits for a process that puts it into L1, or back into an emptied backend."""
    return Path(task.workspace) / f"{which}.frame"


def _stored_key(workload: Workload, which: str, known: set[str]) -> str:
    fresh = [key for key in workload.backend.keys if key not in known]
    if not fresh:
        raise CannotMeasure(f"cachekit did not store the {which} value; see the target's log below")
    return str(fresh[0])
