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


def prune(runs: Path, keep: int | None = None, *, only_say: bool = False) -> list[Path]:
    """Remove run folders that this tool has named itself, the oldest ones, and return which.

    By default the newest 50 stay; ``CACHEKIT_MEMPROBE_KEEP_RUNS`` says how many instead, or ``all``.
    One that is being written or read stays.

    Args:
        keep: how many stay, whatever the variable says.
        only_say: remove none.

    Raises:
        UsageError: the variable is no number.
    """
    removed = []
    for folder in _old(runs, str(keep) if keep is not None else _chosen()):
        with in_use.unused(folder) as ours:
            if ours and not only_say:
                in_use.remove(folder)
            if ours and (only_say or not os.path.lexists(folder)):
                removed.append(folder)
    return removed


def _old(runs: Path, chosen: str | None) -> list[Path]:
    if chosen == ALL:
        return []
    return _named_by_us(runs)[_NEWEST if chosen is None else int(chosen) :]


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


def _changed_s(folder: Path) -> float:
    """When the report was saved, or the folder was copied to here; now for one that is just disappearing."""
    try:
        return os.lstat(folder).st_mtime
    except OSError:
        return time.time()
