"""Which run is meant: by its folder, by its id or the beginning of that, or as one of the last.

The id of a run below the state folder is the name of its folder, ``20261125T231010Z-0f3a9c``: no other run
has it, and names sort by time.
"""

import os
import re
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

import platformdirs

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.folders import own_folder
from cachekit_memprobe.guesses import ONLY_FOLDERS, closest, did_you_mean, near_paths
from cachekit_memprobe.runstore.names import RUN_FILE

OWN_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
"""A folder that this tool has named itself; one that was renamed is one to keep."""

_STAMP = "%Y%m%dT%H%M%SZ"
_LAST = re.compile(r"last(?:~(?P<before>\d{1,6}))?", re.ASCII)
_SHOWN = 3
_LIST = "cachekit-memprobe runs lists them"


def run_folder(spec: str) -> Path:
    """The folder of the run that a user means.

    Args:
        spec: a run folder; the id of a run below the state folder, or its beginning; ``last`` for the newest
            run there, ``last~1`` for the one before.

    Raises:
        UsageError: there is no such run, or several are meant by it.
    """
    folder = Path(spec)
    if not spec or os.sep in spec or "\0" in spec:
        return folder
    named = runs_meant(spec)
    if os.path.lexists(folder / RUN_FILE):
        return _only_folder(folder, named)
    if len(named) == 1:
        return named[0]
    if named:
        some = ", ".join(printable(one.name) for one in named[:_SHOWN])
        more = ", ..." if len(named) > _SHOWN else ""
        raise UsageError(
            f"{printable(spec)} is the beginning of {len(named)} runs' ids, {some}{more}; write more of it"
        )
    try:
        os.lstat(folder)
    except FileNotFoundError:
        raise UsageError(_missing(spec)) from None
    except OSError:
        pass
    return folder  # Whoever opens it can say best what is wrong with it.


def runs_meant(spec: str) -> list[Path]:
    """The runs below the state folder that an id, its beginning or ``last~1`` stands for, the newest first.

    All of them for an empty one.
    """
    found: list[Path] = []
    with suppress(UsageError):  # without a home there are none
        found = saved_runs(runs_folder())
    if last := _LAST.fullmatch(spec):
        before = int(last["before"] or 0)
        return found[before : before + 1]
    exact = [folder for folder in found if folder.name == spec]
    return exact or [folder for folder in found if folder.name.startswith(spec)]


def saved_runs(runs: Path) -> list[Path]:
    """The run folders in a folder, the newest first; not one that was just made and says nothing yet."""
    found: list[tuple[float, int, Path]] = []
    with suppress(OSError), os.scandir(runs) as entries:
        for entry in entries:
            folder = runs / entry.name
            with suppress(OSError):
                begun_ns = os.stat(folder / RUN_FILE).st_mtime_ns
                found.append((_named_s(entry.name) or begun_ns // 10**9, begun_ns, folder))
    return [folder for *_, folder in sorted(found, reverse=True)]


def runs_folder(remedy: str = "name the run by its folder") -> Path:
    """Where the runs are that were given no folder.

    Raises:
        UsageError: no home is known; ``remedy`` is what to do otherwise.
    """
    state = own_folder(platformdirs.user_state_path, "XDG_STATE_HOME", remedy)
    return state / "runs"


def stamp(moment: datetime) -> str:
    """What the name of a run that begins then begins with."""
    return moment.strftime(_STAMP)


def _named_s(name: str) -> int:
    """The time in a name of our own, to the second; 0 if it has none."""
    with suppress(ValueError):
        if OWN_NAME.fullmatch(name):
            moment = datetime.strptime(name.partition("-")[0], _STAMP)
            return int(moment.replace(tzinfo=timezone.utc).timestamp())
    return 0


def _only_folder(folder: Path, named: list[Path]) -> Path:
    """A run folder here; but nobody should see another run than the one that was meant."""
    other = [one for one in named if not os.path.exists(folder) or not os.path.samefile(one, folder)]
    if not other:
        return folder
    raise UsageError(
        f"{printable(folder)} is a run folder here, and stands for the saved run {printable(other[0].name)} "
        f"as well; write {printable(f'./{folder}')} for the folder, or the whole id"
    )


def _missing(spec: str) -> str:
    if _LAST.fullmatch(spec):
        known = len(runs_meant(""))
        have = f"only {known} runs are" if known > 1 else "only one run is" if known else "no run is"
        return f"{printable(spec)}: {have} saved below the state folder; {_LIST}"
    names = [folder.name for folder in runs_meant("")]
    near = closest(spec, names) or closest(spec.lower(), ["last"]) or near_paths(Path(spec), ONLY_FOLDERS)
    remedy = did_you_mean([printable(name) for name in near]) if near else _LIST
    return f"{printable(spec)} is neither a run folder nor the beginning of a saved run's id; {remedy}"
