"""Temporary folders, each removed by the run that made it, or, if that was killed, by a later one."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from cachekit_memprobe import in_use
from cachekit_memprobe.signals import undisturbed

_PREFIX = "cachekit-memprobe-"
_NOTES = "notes"
_NOTES_LAST_S = 86_400
"""By then the entries have expired that they tell of."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder that is gone at the end, with all in it.

    Raises:
        OSError: it can't be made.
    """
    with undisturbed() as let_signals_through:
        temporary = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        folder = Path(temporary.name)
        with closing(in_use.claim(folder)):
            try:
                let_signals_through()
                yield folder
            finally:
                try:
                    in_use.remove(folder)
                finally:
                    # Also of a folder without permissions, and again if a signal cut the first short.
                    temporary.cleanup()


def notes_in(folder: Path) -> Path:
    """Where a scratch folder has what is to outlive it, if its run is killed: what is left elsewhere."""
    return folder / _NOTES


def sweep(settle: Callable[[Path], None]) -> None:
    """Remove the scratch folders that nobody uses any more.

    Args:
        settle: is given the notes of each, and removes those files of them that it has dealt with. The others
            are kept for a later run, for a day.
    """
    with suppress(OSError):
        for entry in list(os.scandir(tempfile.gettempdir())):
            if entry.name.startswith(_PREFIX):
                _sweep(Path(entry.path), settle)


def _sweep(folder: Path, settle: Callable[[Path], None]) -> None:
    with in_use.unused(folder) as ours:
        if not ours:
            return
        # First what is large, and maybe confidential; servers may let wait.
        in_use.remove(folder, keep=(_NOTES,))
        notes = notes_in(folder)
        if notes.is_dir():
            settle(notes)
        if not _has_young_files(notes):
            in_use.remove(folder)


def _has_young_files(notes: Path) -> bool:
    return any(
        note.is_file() and time.time() - note.stat().st_mtime < _NOTES_LAST_S for note in notes.rglob("*")
    )
