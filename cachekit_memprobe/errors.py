"""What can go wrong, and the exit codes: the one place where they stand."""

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


def exit_code_of(error: MemprobeError) -> int:
    """What a command ends with that was ended by this failure."""
    return EXIT_USAGE if isinstance(error, UsageError) else EXIT_UNMEASURED
