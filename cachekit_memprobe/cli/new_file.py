"""Files that a command writes for the user to keep."""

import os
from pathlib import Path

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import UsageError


def write_new(path: Path, text: str, *, overwrite: bool = False, remedy: str) -> None:
    """Write a text file, and never over another one unless that was asked for.

    Args:
        remedy: what to do when there is a file already.

    Raises:
        UsageError: there is, or it can't be written.
    """
    refuse_existing(path, overwrite=overwrite, remedy=remedy)
    made = False
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            made = not overwrite
            file.write(text)
    except FileExistsError:
        raise _exists(path, remedy) from None
    except OSError as error:
        if made:
            path.unlink(missing_ok=True)  # half a file would only be in the way of the next one
        raise UsageError(f"can't write {printable(path)}: {error.strerror}") from None


def refuse_existing(path: Path, *, overwrite: bool = False, remedy: str) -> None:
    """Refuse what :func:`write_new` would, before anything slow begins.

    Raises:
        UsageError: there is a file already, or it can't be overwritten.
    """
    if overwrite and path.exists() and not path.is_file():
        raise UsageError(f"{printable(path)} is no file, and is not written to; give another name")
    if not overwrite and os.path.lexists(path):
        raise _exists(path, remedy)


def _exists(path: Path, remedy: str) -> UsageError:
    return UsageError(f"{printable(path)} exists and is not overwritten; {remedy}")
