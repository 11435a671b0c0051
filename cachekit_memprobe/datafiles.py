"""The user's own data, looked at in a process of its own, which may die of it: this one doesn't notice.

The process gets little memory and little time, and tells what it has found as JSON.
"""

import functools
import os
import subprocess
import sys
from pathlib import Path

from cachekit_memprobe import child, processes, validation
from cachekit_memprobe.child.datafile import EXPECTED, FORMATS, DataFileError, Format, Told, look

_CHILD = Path(child.__file__).with_name("__main__.py")
_MOST_BYTES = 256 << 20
_TIMEOUT_S = 10.0
_LONGEST = 1000
_REMEDY = "check that the file is whole"
_UNTOLD = Told("", EXPECTED, "what can't be looked at", _REMEDY)
_TOO_SLOW = Told("", "a file that can be read", f"one that takes more than {_TIMEOUT_S:.0f} s", _REMEDY)


def format_of(path: Path) -> Format:
    """The format of a file, by its signature or, for text, by its suffix; see :mod:`.child.datafile`.

    Raises:
        DataFileError: it can't be read, is a pickle, is damaged, or is of no format that is known.
    """
    state = _state_of(path)
    # What isn't there can't do any harm.
    told = _told(path.absolute(), state) if state else look(path)
    if told.format:
        return FORMATS[told.format]
    raise DataFileError(path, told.expected, told.found, told.remedy)


# A matrix asks hundreds of times.
@functools.lru_cache(maxsize=64)
def _told(path: Path, _state: tuple[int, ...]) -> Told:
    """What a process tells of a file that is in a certain state."""
    # Without site: the standard library is all that it needs.
    command = (sys.executable, "-I", "-S", str(_CHILD), "look", str(_MOST_BYTES), str(path))
    env = processes.scrubbed(*processes.TO_READ_TEXT)
    try:
        ended = processes.run(command, env=env, cwd=Path("/"), timeout_s=_TIMEOUT_S)
        told = validation.from_json(Told, ended.stdout, whole=True)
    except subprocess.TimeoutExpired:
        return _TOO_SLOW
    except (OSError, ValueError):  # it can't be started, or gave no answer
        return _UNTOLD
    return told if _makes_sense(told) else _UNTOLD


def _makes_sense(told: Told) -> bool:
    words = (told.expected, told.found, told.remedy)
    if told.format:
        return told.format in FORMATS and not any(words)
    return all(text and len(text) <= _LONGEST and text.isprintable() for text in words)


def _state_of(path: Path) -> tuple[int, ...]:
    """By which a file is known to be the one that was looked at; empty for none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
