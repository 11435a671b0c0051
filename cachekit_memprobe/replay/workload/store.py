"""Make the value and cache it, in a process that is then gone: the reader has never held it.

Importable by the measured child process: standard library and target only.
"""

from pathlib import Path
from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.proof import CannotMeasure
from cachekit_memprobe.replay.workload import contents
from cachekit_memprobe.replay.workload.backends import failure_of
from cachekit_memprobe.replay.workload.cached import Workload, by_reference


def store(task: wire.Task) -> dict[str, Any]:
    """Cache the warm-up value and the measured ones, and write down how to find them again.

    A cache by reference has nothing to store in: its values are only made and described.

    Returns:
        ``keys``, ``frame_bytes`` and ``digests`` by value; ``form`` and ``logical_bytes`` of a measured
        one.

    Raises:
        CannotMeasure: cachekit did not store the value.
    """
    workload = Workload(task)
    stored: dict[str, Any] = {"keys": {}, "frame_bytes": {}, "digests": {}}
    for which in (wire.WARM_UP, *wire.measured_names(task.read)):
        value = workload.make(which) if by_reference(task) else workload.read(which)
        stored["digests"][which] = contents.digest(value, return_format=task.caching["return_format"])
        stored["form"] = contents.form(value)
        stored["logical_bytes"] = contents.logical_bytes(value)
        del value
        stored["frame_bytes"][which] = 0
        if not by_reference(task):
            stored["keys"][which] = _stored_key(workload, which, known=set(stored["keys"].values()))
            stored["frame_bytes"][which] = _keep_frame(task, workload, which, stored["keys"][which])
    return stored


def _keep_frame(task: wire.Task, workload: Workload, which: str, key: str) -> int:
    """Write the frame down for whoever needs it; its size."""
    failed = failure_of(workload.backend)
    frame = None if failed else workload.backend.get(key)
    if frame is None:
        reason = f": {failed}" if failed else "; see the target's log below"
        raise CannotMeasure(f"cachekit did not store the {which} value{reason}")
    frame_file(task, which).write_bytes(frame)
    return len(frame)


def frame_file(task: wire.Task, which: str) -> Path:
    """Where the frame waits for a process that puts it into L1, or back into an emptied backend."""
    return Path(task.workspace) / f"{which}.frame"


def _stored_key(workload: Workload, which: str, known: set[str]) -> str:
    fresh = [key for key in workload.backend.keys if key not in known]
    if not fresh:
        raise CannotMeasure(f"cachekit did not store the {which} value; see the target's log below")
    return str(fresh[0])
