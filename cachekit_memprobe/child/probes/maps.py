"""The file maps of this process, by the kernel's own list."""

import os
import sys
from collections.abc import Iterator

_NO_FILES = ("/dev/zero (deleted)", "/memfd:", "/SYSV")
"""What shared memory is listed as that no file backs: it has an inode, but takes memory as heap does."""


def is_file(fd: int) -> bool:
    """Whether a map of an open file would be in :func:`file_maps`."""
    if sys.platform != "linux" or fd < 0:
        return False
    try:
        return not os.readlink(f"/proc/self/fd/{fd}").startswith(_NO_FILES)
    except OSError:  # the map itself will fail, and say so
        return False


def file_maps() -> Iterator[tuple[int, int]]:
    """The address ranges that are mapped from a file; none where the system has no such list.

    ``/proc/self/maps`` has ``start-end perms offset device inode path``, one line a range (proc(5)).
    """
    if sys.platform != "linux":
        return
    with open("/proc/self/maps", encoding="ascii", errors="replace") as lines:
        for line in lines:
            fields = line.rstrip("\n").split(maxsplit=5)
            if fields[4] != "0" and not fields[-1].startswith(_NO_FILES):
                start, _, end = fields[0].partition("-")
                yield int(start, 16), int(end, 16)


def spaces() -> Iterator[tuple[int, int]]:
    """All address ranges that the process has, adjacent ones as one; none where the system has no list."""
    if sys.platform != "linux":
        return
    last = (0, 0)
    with open("/proc/self/maps", encoding="ascii", errors="replace") as lines:
        for line in lines:
            start, _, end = line.partition(" ")[0].partition("-")
            if int(start, 16) == last[1]:
                last = last[0], int(end, 16)
            else:
                if last[1]:
                    yield last
                last = int(start, 16), int(end, 16)
    yield last


class FileMaps:
    """The same list, read when it is asked and kept until it may have changed."""

    def __init__(self) -> None:
        self._spans: tuple[tuple[int, int], ...] | None = None

    def forget(self) -> None:
        """Code has run that may map or unmap."""
        self._spans = None

    def hold(self, address: int) -> bool:
        """Whether an address is mapped from a file."""
        if self._spans is None:
            self._spans = tuple(file_maps())
        return any(start <= address < end for start, end in self._spans)
