"""The maps of this process, by the kernel's own list: of files, and of shared memory.

A file's pages can be dropped and read again. What lies in a tmpfs or on hugetlbfs, in a memfd, or in memory
that is shared and has no name, has no other home: it takes memory as heap does. The kernel lists both alike.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cachekit_memprobe.child.seen import Backing

_NAMELESS = ("/dev/zero (deleted)", "/memfd:", "/SYSV", "/anon_hugepage")
"""What shared memory is listed as that no file stands for."""
_IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
"""The types of file systems that have their files in memory alone."""
_CLOCK_REALTIME_COARSE = 5
"""clock_gettime(2); Python has no name for it."""


@dataclass(frozen=True)
class Map:
    """An address range, and what is mapped there."""

    start: int
    end: int
    device: str
    inode: int
    path: str

    def is_of(self, other: "Map") -> bool:
        """Whether it is a part of what another one was a part of; a map may be cut or moved."""
        return (self.device, self.inode) == (other.device, other.inode)

    def backing(self, since: float) -> Backing:
        """What stands behind it; shared memory is ``made`` if it was last written after a moment.

        That can't be told of a file that has no name any more: it is taken to be made by who removed it.
        """
        if self.path.startswith(_NAMELESS):
            return "made"
        if not _is_in_memory(self.device):
            return "file"
        try:
            return "made" if os.stat(self.path).st_mtime >= since else "shared"
        except OSError:
            return "made"


def now() -> float:
    """A moment by the clock that files are stamped by."""
    return time.clock_gettime(_CLOCK_REALTIME_COARSE) if sys.platform == "linux" else time.time()


def backing_of(fd: int, since: float) -> Backing | None:
    """What stands behind a map of an open file; ``None`` of memory that isn't shared with anything.

    Args:
        fd: -1 for none, of which can't be told whether it is shared before it is mapped.
        since: shared memory that was written after this moment is ``made``.
    """
    if sys.platform != "linux" or fd < 0:
        return None
    try:
        stat, path = os.fstat(fd), os.readlink(f"/proc/self/fd/{fd}")
    except OSError:  # the map itself will fail, and say so
        return None
    device = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}"
    if not path.startswith(_NAMELESS) and not _is_in_memory(device):
        return "file"
    return "made" if stat.st_mtime >= since else "shared"


def maps() -> Iterator[Map]:
    """All that is mapped but heap and stacks; nothing where the system has no such list.

    ``/proc/self/maps`` has ``start-end perms offset device inode path``, one line a range (proc(5)).
    """
    if sys.platform != "linux":
        return
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            fields = line.rstrip("\n").split(maxsplit=5)
            if fields[4] != "0":
                start, _, end = fields[0].partition("-")
                yield Map(int(start, 16), int(end, 16), fields[3], int(fields[4]), fields[-1])


def spaces() -> Iterator[tuple[int, int]]:
    """All address ranges that the process has, adjacent ones as one; none where the system has no list."""
    if sys.platform != "linux":
        return
    last = (0, 0)
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            start, _, end = line.partition(" ")[0].partition("-")
            if int(start, 16) == last[1]:
                last = last[0], int(end, 16)
            else:
                if last[1]:
                    yield last
                last = int(start, 16), int(end, 16)
    yield last


def shared_bytes(apart_from: str) -> int:
    """The resident shared memory of this process.

    Args:
        apart_from: a folder whose files don't count.

    Raises:
        OSError: the kernel doesn't tell.
    """
    shared = {
        (one.start, one.end)
        for one in maps()
        if one.backing(0.0) != "file" and not one.path.startswith(apart_from)
    }
    total, counts = 0, False
    if shared:
        with open("/proc/self/smaps", encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                name, _, rest = line.partition(" ")
                if name == "Rss:":
                    total += int(rest.split()[0]) * 1024 * counts
                elif not name.endswith(":"):
                    start, _, end = name.partition("-")
                    counts = (int(start, 16), int(end, 16)) in shared
    return total


def _is_in_memory(device: str) -> bool:
    kinds = _file_systems()
    if device not in kinds:  # mounted since
        _file_systems.cache_clear()
        kinds = _file_systems()
    return kinds.get(device) in _IN_MEMORY


@lru_cache(maxsize=1)
def _file_systems() -> dict[str, str]:
    """By device, as it stands in the list of maps.

    A line is ``id parent major:minor root mount-point options … - type source options`` (proc(5)).
    """
    found = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            before, _, after = line.partition(" - ")
            major, _, minor = before.split()[2].partition(":")
            found[f"{int(major):02x}:{int(minor):02x}"] = after.split()[0]
    return found


class Maps:
    """The same list, read when it is asked and kept until it may have changed.

    Args:
        since: when the read began, after which shared memory is ``made`` by it.
    """

    def __init__(self, since: float) -> None:
        self.since = since
        self._maps: tuple[Map, ...] | None = None

    def forget(self) -> None:
        """Code has run that may map or unmap."""
        self._maps = None

    def at(self, address: int) -> Map | None:
        """What is mapped at an address, if anything but heap is."""
        if self._maps is None:
            self._maps = tuple(maps())
        return next((one for one in self._maps if one.start <= address < one.end), None)

    def at_now(self, address: int) -> Map | None:
        """The same, whatever is remembered."""
        self.forget()
        return self.at(address)
