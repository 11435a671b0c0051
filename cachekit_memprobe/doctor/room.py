"""Whether payloads of the size asked for fit into memory and onto the disk.

The figures are those of ``benchmarks/memory_needed.py``, rounded up.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from cachekit_memprobe.child.releases import version_key
from cachekit_memprobe.child.stages import CONNECTED
from cachekit_memprobe.disks import disk_needed
from cachekit_memprobe.doctor.cgroup import headroom_bytes
from cachekit_memprobe.doctor.check import Check, Subject
from cachekit_memprobe.model import DEFAULT_JOBS, Scenario
from cachekit_memprobe.units import format_bytes

_MIB = 1 << 20
_TOOL_BYTES = 205 * _MIB
"""This program, a launcher, and a process that has imported what it measures."""

_JOB_BYTES = 20 * _MIB
_SERVER_BYTES = 100 * _MIB
_BESIDE = 0.5
"""Of what a process takes at its peak: what one beside it takes at that moment, or one more reader in it."""

_PAYLOADS: tuple[tuple[Callable[[Scenario], bool], float], ...] = (
    (lambda scenario: scenario.value.kind == "nested", 33.0),
    (lambda scenario: scenario.value.kind == "file" and scenario.caching.serializer != "arrow", 33.0),
    (lambda scenario: scenario.value.kind == "series", 9.0),
    (lambda scenario: scenario.value.kind == "text", 5.5),
    (lambda scenario: scenario.value.kind == "bytes" or scenario.caching.encryption, 4.5),
    (lambda scenario: True, 3.3),
)
"""What the largest process of a scenario holds at its peak, with the newest cachekit; the first that fits."""

_CONNECTED_PAYLOADS = 2.0
"""The frame in the server, and what its client receives into."""

_OF_OLD_RELEASES = (("0.9.0", 5.0), ("0.17.0", 3.0))
"""What releases before that one hold besides: frames were text once, and byte storage larger by half."""

_DISK_PAYLOADS = 3


@dataclass(frozen=True)
class Room:
    """What can be had now; ``None`` is what can't be told."""

    memory_bytes: int
    disk_bytes: int | None


def room_here() -> Room:
    """In the machine, in this process's cgroups, and in the temporary directory."""
    try:
        disk_bytes = shutil.disk_usage(tempfile.gettempdir()).free
    except OSError:
        disk_bytes = None
    return Room(_free_memory_bytes(), disk_bytes)


def memory_needed(scenario: Scenario, jobs: int = DEFAULT_JOBS, release: str = "") -> int:
    """What a run of a scenario holds at its peak in all, in bytes: this program, its children, a server.

    Args:
        release: of cachekit; the newest when it isn't told.
    """
    payloads = next(payloads for fits, payloads in _PAYLOADS if fits(scenario))
    connected = scenario.caching.backend in CONNECTED
    if connected:
        payloads += _CONNECTED_PAYLOADS
    if release:
        payloads += sum(more for until, more in _OF_OLD_RELEASES if version_key(release) < version_key(until))
    payloads *= (1 + _BESIDE * (jobs - 1)) * (1 + _BESIDE * (scenario.read.readers - 1))
    server_bytes = _SERVER_BYTES if connected else 0
    return _TOOL_BYTES + jobs * _JOB_BYTES + server_bytes + round(payloads * scenario.value.logical_bytes)


def lacking_room(scenario: Scenario, jobs: int, room: Room, release: str = "") -> str | None:
    """Why a scenario can't be measured in the room that there is; ``None`` if it can."""
    like = scenario.value.logical_bytes
    needed, free = memory_needed(scenario, jobs, release), room.memory_bytes
    if needed > free:
        fewer = ", or --jobs 1" if jobs > 1 else ""
        return (
            f"it takes about {format_bytes(needed, like)} of memory, but only {format_bytes(free, like)} is "
            f"free; use a smaller --size{fewer}"
        )
    if room.disk_bytes is not None and disk_needed(scenario) > room.disk_bytes:
        needed, free = disk_needed(scenario), room.disk_bytes
        return (
            f"it takes about {format_bytes(needed, like)} in the temporary directory, but only "
            f"{format_bytes(free, like)} is free there; make room, set TMPDIR to a larger disk, or use a "
            "smaller --size"
        )
    return None


def free_memory(subject: Subject) -> Check:
    """What can be had now without swapping, in the whole machine and in this process's cgroups."""
    name, free_bytes = "memory", _free_memory_bytes()
    free = format_bytes(free_bytes, like_bytes=subject.size_bytes)
    release = subject.versions.get("cachekit", "")
    needs = sorted(
        ((memory_needed(case, release=release), case.name) for case in subject.scenarios), reverse=True
    )
    if not needs:
        return Check(name, "ok", f"{free} free")
    most_bytes, hungriest = needs[0]
    most = format_bytes(most_bytes, like_bytes=subject.size_bytes)
    too_big = [name for needed, name in needs if needed > free_bytes]
    if not too_big:
        return Check(name, "ok", f"{free} free; the hungriest scenario, {hungriest}, takes {most}")
    detail = f"{free} free, too little for {_some(too_big, len(needs))}; {hungriest} takes {most}"
    remedy = "Use a smaller --size, --jobs 1, or free some memory."
    return Check(name, "missing" if len(too_big) == len(needs) else "limited", detail, remedy)


def _some(names: Sequence[str], total: int) -> str:
    shown = f"{', '.join(names[:3])}{' and others' if names[3:] else ''}"
    return f"{len(names)} of {total} scenarios ({shown})"


def free_disk(subject: Subject) -> Check:
    """Entries are stored in the temporary directory."""
    needs = [disk_needed(scenario) for scenario in subject.scenarios]
    name, need_bytes = "disk", max([*needs, _DISK_PAYLOADS * subject.size_bytes])
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
