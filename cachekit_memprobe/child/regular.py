"""Files that somebody else names: opened only if they are regular ones, and never waited for."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

FOLDER = "a folder"
_KINDS = (
    (stat.S_ISDIR, FOLDER),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotRegular(OSError):
    """What has the name is no file; ``strerror`` says what it is instead: a folder, a pipe, a device."""


def opened(path: Path) -> BinaryIO:
    """Open a file to read its bytes.

    A pipe that nobody writes to is not waited for, and a device is not opened at all: some do something then.

    Raises:
        NotRegular: it is something else than a file, or than a link to one.
        OSError: it can't be opened.
    """
    try:
        _require_regular(os.stat(path).st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except ValueError:
        raise OSError(errno.EINVAL, "a name with a null character in it") from None
    try:
        # Another one may have taken its name meanwhile.
        _require_regular(os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _require_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise NotRegular(errno.EINVAL, next((word for is_one, word in _KINDS if is_one(mode)), "no file"))
