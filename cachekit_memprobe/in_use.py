"""Folders that tell whether anybody uses them, so that a later run can remove what a killed one has left.

The lock is on the folder itself. The kernel lets go of it when its holder ends, however that ends.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MARK = ".cachekit-memprobe"
"""The file that makes a folder one that a later run may remove.

It is made after the lock, and removed last: a folder that has just been made has none, and one that was
removed by half is still known.
"""


class InUse:
    """A hold on a folder, until it is closed or forgotten."""

    def __init__(self, fd: int | None) -> None:
        """``None`` holds nothing."""
        self._fd = fd

    def close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    __del__ = close


def claim(folder: Path) -> InUse:
    """Hold a new folder, and mark it as one that may be removed when nobody holds it any more.

    A file system that has no such locks gets no mark either: nothing of it is ever removed by another run.

    Raises:
        OSError: the folder is gone, or can't be written to.
    """
    fd = _locked(folder, fcntl.LOCK_EX)
    if fd is not None:
        (folder / MARK).touch()
    return InUse(fd)


def share(folder: Path) -> InUse:
    """Hold a folder while it is read, as others may as well; not one that is being written."""
    return InUse(_locked(folder, fcntl.LOCK_SH, follow=True))


def is_being_written(folder: Path) -> bool:
    """Whether somebody has claimed a folder and is still there."""
    fd = _locked(folder, fcntl.LOCK_SH, follow=True)
    if fd is not None:
        os.close(fd)
    return fd is None and os.path.lexists(folder / MARK)


@contextmanager
def unused(folder: Path) -> Iterator[bool]:
    """Whether a folder is marked, this user's own, and held by nobody. Inside, nobody else finds it so."""
    fd = _locked(folder, fcntl.LOCK_EX) if _is_own(folder) else None
    try:
        # Once more: another run may have removed it before the lock was there, and a third one made it anew.
        yield fd is not None and _is_own(folder) and os.path.samestat(os.fstat(fd), os.lstat(folder))
    finally:
        if fd is not None:
            os.close(fd)


def remove(folder: Path, keep: Collection[str] = ()) -> None:
    """Remove a folder, as far as that can be done; the mark is the last to go.

    Args:
        keep: names in it that stay, and the folder and its mark with them.
    """
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.name == MARK or entry.name in keep:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    os.unlink(entry.path)
        # Otherwise something could not be removed, or a process that is just ending has made it meanwhile.
        if os.listdir(folder) == [MARK]:
            (folder / MARK).unlink()
            folder.rmdir()


def _locked(folder: Path, kind: int, *, follow: bool = False) -> int | None:
    """A descriptor with the lock, or ``None`` if somebody else has it or there can be none.

    Args:
        follow: the folder may be a symbolic link to one.
    """
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | (0 if follow else os.O_NOFOLLOW))
    except (OSError, ValueError):  # ValueError: a name that can't be one
        return None
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd


def _is_own(folder: Path) -> bool:
    """Whether the folder is a marked one of this user's. Where others may write, nothing else proves it."""
    try:
        itself, mark = os.lstat(folder), os.lstat(folder / MARK)
    except OSError:
        return False
    is_folder = stat.S_ISDIR(itself.st_mode) and stat.S_ISREG(mark.st_mode)
    return is_folder and itself.st_uid == mark.st_uid == os.geteuid()
