"""Whether payloads of the size asked for fit into memory and onto the disk."""

import shutil
import tempfile

import psutil

from cachekit_memprobe.doctor.cgroup import headroom_bytes
from cachekit_memprobe.doctor.check import Check, Status, Subject
from cachekit_memprobe.units import format_bytes

_NEEDS = (("json", 17), ("bytes", 7), ("all other", 4))
"""Payloads that one read of each kind of scenario takes at its peak, the hungriest first."""

_DISK_PAYLOADS = 3


def free_memory(subject: Subject) -> Check:
    """What can be had now without swapping, in the whole machine and in this process's cgroups."""
    name, free_bytes = "memory", _free_memory_bytes()
    size_bytes, free = subject.size_bytes, format_bytes(free_bytes, like_bytes=subject.size_bytes)
    too_big = [(kind, payloads) for kind, payloads in _NEEDS if payloads * size_bytes > free_bytes]
    most = format_bytes(_NEEDS[0][1] * size_bytes, like_bytes=size_bytes)
    if not too_big:
        return Check(name, "ok", f"{free} free; a read needs {most} at most")
    wants = ", ".join(
        f"{kind} {format_bytes(payloads * size_bytes, size_bytes)}" for kind, payloads in too_big
    )
    fitting_mib = free_bytes // _NEEDS[0][1] >> 20
    remedy = f"Every scenario fits with --size {max(fitting_mib, 1)}MiB; or free some memory."
    status: Status = "missing" if len(too_big) == len(_NEEDS) else "limited"
    return Check(name, status, f"{free} free, too little for these scenarios: {wants}", remedy)


def lacking_memory(value_bytes: int) -> str | None:
    """Why a value of this size can't even be made here; ``None`` if it can."""
    free_bytes = _free_memory_bytes()
    if value_bytes <= free_bytes:
        return None
    value, free = (
        format_bytes(size_bytes, like_bytes=value_bytes) for size_bytes in (value_bytes, free_bytes)
    )
    return f"the value alone takes {value}, but only {free} of memory is free; use a smaller --size"


def free_disk(subject: Subject) -> Check:
    """Entries are stored in the temporary directory."""
    name, need_bytes = "disk", _DISK_PAYLOADS * subject.size_bytes
    try:
        free_bytes = shutil.disk_usage(tempfile.gettempdir()).free
    except OSError as error:
        remedy = "Set TMPDIR to a directory that can be written."
        return Check(name, "missing", f"no temporary directory: {error.strerror}", remedy)
    need = format_bytes(need_bytes, like_bytes=subject.size_bytes)
    free = format_bytes(free_bytes, like_bytes=subject.size_bytes)
    if free_bytes >= need_bytes:
        return Check(name, "ok", f"{free} free in the temporary directory; {need} needed")
    detail = f"{free} free in the temporary directory, {need} needed"
    return Check(
        name, "missing", detail, "Make room there, set TMPDIR to a larger disk, or use a smaller --size."
    )


def _free_memory_bytes() -> int:
    available_bytes = int(psutil.virtual_memory().available)
    limit_bytes = headroom_bytes()
    return available_bytes if limit_bytes is None else min(available_bytes, limit_bytes)
