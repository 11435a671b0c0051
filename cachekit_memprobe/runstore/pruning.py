"""Old run folders below the user's state folder, which nobody would ever remove."""

import os
import time
from contextlib import suppress
from pathlib import Path

from cachekit_memprobe import in_use
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.runstore.naming import OWN_NAME

KEEP_VARIABLE = "CACHEKIT_MEMPROBE_KEEP_RUNS"
ALL = "all"

_NEWEST = 50
_YOUNG_S = 30 * 86_400


def prune(runs: Path) -> None:
    """Remove run folders that this tool has named itself, the oldest ones.

    By default the newest 50 stay, and all that are younger than 30 days. ``CACHEKIT_MEMPROBE_KEEP_RUNS``
    says how many stay instead, whatever their age, or ``all``. One that is being written or read stays.

    Raises:
        UsageError: the variable is no number.
    """
    chosen = _chosen()
    if chosen == ALL:
        return
    folders = _named_by_us(runs)
    if chosen is None:
        old = [folder for folder in folders[_NEWEST:] if not _is_young(folder)]
    else:
        old = folders[int(chosen) :]
    for folder in old:
        with in_use.unused(folder) as ours:
            if ours:
                in_use.remove(folder)


def check_variable() -> None:
    """Refuse a number of run folders that is none, before anything is measured.

    Raises:
        UsageError: the variable is no number.
    """
    _chosen()


def _chosen() -> str | None:
    given = os.environ.get(KEEP_VARIABLE, "").strip()
    if given in ("", ALL):
        return given or None
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and int(given) > 0):
        raise UsageError(
            f"{KEEP_VARIABLE}={given[:40]} is no number of run folders to keep; write one from 1 on, or {ALL}"
        )
    return given


def _named_by_us(runs: Path) -> list[Path]:
    """The newest first. Their names are times, to the second."""
    with suppress(OSError):
        named = [path for path in runs.iterdir() if OWN_NAME.fullmatch(path.name)]
        return sorted(named, key=lambda path: (path.name.partition("-")[0], _changed_s(path)), reverse=True)
    return []


def _is_young(folder: Path) -> bool:
    return time.time() - _changed_s(folder) < _YOUNG_S


def _changed_s(folder: Path) -> float:
    """When the report was saved, or the folder was copied to here; now for one that is just disappearing."""
    try:
        return os.lstat(folder).st_mtime
    except OSError:
        return time.time()
