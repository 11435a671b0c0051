"""What can go wrong, and the exit codes: the one place where they stand."""

import traceback
from pathlib import Path

from cachekit_memprobe.child.errors import CouldNotMeasure, MemprobeError

__all__ = [
    "EXIT_BROKEN_PIPE",
    "EXIT_HUNG_UP",
    "EXIT_INTERRUPTED",
    "EXIT_OK",
    "EXIT_OVER_BUDGET",
    "EXIT_QUIT",
    "EXIT_TERMINATED",
    "EXIT_UNMEASURED",
    "EXIT_USAGE",
    "CouldNotMeasure",
    "MemprobeError",
    "ScenarioError",
    "UsageError",
    "as_a_bug",
    "exit_code_of",
]

EXIT_OK = 0
EXIT_OVER_BUDGET = 1
EXIT_USAGE = 2
EXIT_UNMEASURED = 3
EXIT_HUNG_UP = 129
EXIT_INTERRUPTED = 130
EXIT_QUIT = 131
EXIT_BROKEN_PIPE = 141
EXIT_TERMINATED = 143
"""The last five as the shell reports a process that died of SIGHUP, SIGINT, SIGQUIT, SIGPIPE or SIGTERM."""


class UsageError(MemprobeError):
    """An option, a name or a file that the user gave can't be used; the message names the remedy."""


class ScenarioError(UsageError):
    """A scenario file is invalid; the message names the file, the table and the key."""


def as_a_bug(error: Exception) -> str:
    """What to tell of a failure that nobody has thought of, with the line that it comes from."""
    *_, last = traceback.extract_tb(error.__traceback__)
    where = f"{Path(last.filename).name}:{last.lineno}"
    return f"this is a bug in cachekit-memprobe: {type(error).__name__} in {where}: {error}"


def exit_code_of(error: MemprobeError) -> int:
    """What a command ends with that was ended by this failure."""
    return EXIT_USAGE if isinstance(error, UsageError) else EXIT_UNMEASURED
