"""What can go wrong, by the exit code it leads to."""

EXIT_OK = 0
EXIT_OVER_BUDGET = 1
EXIT_USAGE = 2
EXIT_UNMEASURED = 3


class MemprobeError(Exception):
    """A failure with a message for the user; the command line prints it without a traceback."""

    exit_code = EXIT_UNMEASURED


class UsageError(MemprobeError):
    """An option, a name or a file that the user gave can't be used; the message names the remedy."""

    exit_code = EXIT_USAGE


class ScenarioError(UsageError):
    """A scenario file is invalid; the message names the file, the table and the key."""


class CouldNotMeasure(MemprobeError):
    """A measurement that didn't happen, or whose figures can't be trusted; never reported as 0."""
