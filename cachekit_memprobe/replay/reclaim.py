"""Pages that the kernel took away from a process while it was measured, by its own lists (proc(5)).

Where memory is short, or a reclaimer is at work, the kernel drops pages of mapped files that were resident
before a read. VmHWM then rises from a lower level than the baseline says, and the read's peak is too low by
as much. Sizes are in bytes.
"""

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

_TOLERATED_BYTES = 256 << 10
"""A peak is exact to some hundred KiB; code pages come and go by less."""
_UNCERTAIN_BYTES = 1 << 20
"""By how much RssFile may be off where the kernel adds up batches of each thread's."""
_SHARE = 1 / 32
"""Of what a read maps: a larger part of it may have been among what was taken somewhere in the system."""
_MAP = re.compile(
    rb"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ (\S+) ([1-9]\d*) .*\n(?:(?!Rss:).*\n)*?Rss: +(\d+) kB$", re.MULTILINE
)
_STOLEN = re.compile(rb"^pgsteal_(?:kswapd|direct|khugepaged|proactive) (\d+)$", re.MULTILINE)
_MAJOR_FAULTS = 9
"""Of the fields behind the command's name in /proc/PID/stat."""

Resident = Mapping[bytes, tuple[int, int]]
"""By file: how much of it is mapped, and how much of that is resident."""


@dataclass(frozen=True)
class Taken:
    """What a process lost.

    Attributes:
        size_bytes: at least.
        major_faults: pages that it had to have read again, or for the first time.
    """

    size_bytes: int
    major_faults: int

    @property
    def matters(self) -> bool:
        return self.size_bytes > _TOLERATED_BYTES


@dataclass(frozen=True)
class _State:
    """At one moment; ``stolen_bytes`` is what the kernel took from all processes since it started."""

    resident: Resident
    file_bytes: int
    major_faults: int
    stolen_bytes: int


class Loss:
    """Compares a process with what it was when this was made.

    Args:
        file_bytes, swapped_bytes: RssFile and VmSwap, as they are at that moment.
    """

    def __init__(self, pid: int, file_bytes: int, swapped_bytes: int) -> None:
        self._pid = pid
        self._file_bytes, self._swapped_bytes = file_bytes, swapped_bytes
        self._before = _State(file_pages(pid), file_bytes, major_faults(pid), _stolen_bytes())

    def begin(self, file_bytes: int) -> None:
        """A read begins, with as much of files resident."""
        self._before = replace(
            self._before,
            file_bytes=file_bytes,
            major_faults=major_faults(self._pid),
            stolen_bytes=_stolen_bytes(),
        )

    def until_now(self, least_bytes: int, most_bytes: int, swapped_bytes: int) -> Taken:
        """What was taken since :meth:`begin`, or what was there at the beginning and no longer is.

        Args:
            least_bytes, most_bytes: the least and the most of RssFile that was seen since then.
            swapped_bytes: VmSwap now.
        """
        before, faults = self._before, major_faults(self._pid) - self._before.major_faults
        dip_bytes = before.file_bytes - least_bytes
        sizes = [swapped_bytes - self._swapped_bytes]
        maps = most_bytes - before.file_bytes > _UNCERTAIN_BYTES
        if dip_bytes > _TOLERATED_BYTES or maps:
            # The exact list is read only now, as it takes as long as some reads do.
            sizes.append(_gone_bytes(before.resident, file_pages(self._pid)))
        if dip_bytes > _UNCERTAIN_BYTES and faults:
            # Gone, and read back from the disk since.
            sizes.append(dip_bytes)
        if maps:
            # What the read itself maps can be taken too. The kernel doesn't tell whose pages it takes.
            stolen_bytes = _stolen_bytes() - before.stolen_bytes
            sizes.append(stolen_bytes if stolen_bytes > _SHARE * (most_bytes - before.file_bytes) else 0)
        return Taken(max(0, *sizes), faults)

    def left(self, file_bytes: int, swapped_bytes: int) -> Taken:
        """What was there at first and no longer is, after a read; ``file_bytes`` is RssFile now.

        What stays after a read would look smaller by as much.
        """
        sizes = [swapped_bytes - self._swapped_bytes]
        if self._file_bytes - file_bytes > _TOLERATED_BYTES:
            sizes.append(_gone_bytes(self._before.resident, file_pages(self._pid)))
        return Taken(max(0, *sizes), major_faults(self._pid) - self._before.major_faults)


def file_pages(pid: int) -> Resident:
    """The files that a process has mapped.

    Raises:
        OSError: the process is gone, or its maps can't be read.
    """
    sizes, resident = Counter[bytes](), Counter[bytes]()
    for start, end, device, inode, kib in _MAP.findall(Path(f"/proc/{pid}/smaps").read_bytes()):
        file = device + b" " + inode
        sizes[file] += int(end, 16) - int(start, 16)
        resident[file] += int(kib) * 1024
    return {file: (size, resident[file]) for file, size in sizes.items()}


def major_faults(pid: int) -> int:
    """How often the process had to wait for a page from a disk.

    Raises:
        OSError: the process is gone.
    """
    behind_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2]
    return int(behind_name.split()[_MAJOR_FAULTS])


def _gone_bytes(before: Resident, now: Resident) -> int:
    """Of files that are still mapped as they were: what a process unmaps itself isn't taken from it."""
    return sum(
        max(0, resident_bytes - now[file][1])
        for file, (size_bytes, resident_bytes) in before.items()
        if file in now and now[file][0] >= size_bytes
    )


def _stolen_bytes() -> int:
    """What the kernel has taken from the whole system; 0 where it doesn't tell.

    A cgroup's memory.stat has the same of its own processes, but only in version 2.
    """
    try:
        counts = _STOLEN.findall(Path("/proc/vmstat").read_bytes())
    except OSError:
        return 0
    return sum(map(int, counts)) * os.sysconf("SC_PAGE_SIZE")
