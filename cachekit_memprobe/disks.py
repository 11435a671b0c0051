"""What a scenario needs on disk, and what there is when something can't be written."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cachekit_memprobe.child.shortage import is_shortage, of_a_disk, with_shortage
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.units import format_bytes

_PAYLOADS = 3
_NOTHING_BYTES = 64 << 10
"""With less a disk is full: for a file, or for what a process prints."""


def disk_needed(scenario: Scenario) -> int:
    """What a scenario stores in the temporary directory, in bytes, with what is written before a rename."""
    return _PAYLOADS * scenario.value.logical_bytes * scenario.read.keys


def with_disks(reason: str, scenario: Scenario, scratch: Path, run_folder: Path) -> str:
    """A reason with the disk that is full, if that is the matter, what is free there and what is needed.

    To be asked while what was stored is still there.
    """
    full = list(_full(scenario, scratch, run_folder, whole=of_a_disk(reason)))
    if not full:
        return reason
    told = reason if of_a_disk(reason) else with_shortage(f"{os.strerror(errno.ENOSPC)}: {reason}")
    first, *rest = told.split("\n")
    return "\n".join((first, *full, *rest))


def _full(scenario: Scenario, scratch: Path, run_folder: Path, *, whole: bool) -> Iterator[str]:
    """``whole``: something did not fit, so that a disk with less than what was needed is to blame."""
    needed = disk_needed(scenario)
    free = _free_bytes(scratch)
    if free is not None and free < (needed if whole else _NOTHING_BYTES):
        yield (
            f"the disk of TMPDIR has {format_bytes(free)} free; the scenario stores about "
            f"{format_bytes(needed)} there in all"
        )
    free = _free_bytes(run_folder)
    if free is not None and free < _NOTHING_BYTES:
        yield f"the disk of the run folder (--out) has {format_bytes(free)} free"


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def require_temporary_folder() -> None:
    """Refuse a TMPDIR on a full disk: Python would silently take another folder, and entries be stored there.

    Raises:
        CouldNotMeasure: nothing can be written there.
    """
    named = os.environ.get("TMPDIR", "")
    if not os.path.isdir(named):
        return
    try:
        with tempfile.TemporaryFile(dir=named) as file:
            file.write(b"x")
    except OSError as error:
        if is_shortage(error):
            told = with_shortage(f"nothing can be written in TMPDIR: {error.strerror}")
            raise CouldNotMeasure(told) from None
