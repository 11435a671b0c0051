"""The family of failures that both sides of the process border know."""


class MemprobeError(Exception):
    """A failure with a message for the user; the command line prints it without a traceback."""


class CouldNotMeasure(MemprobeError):
    """A measurement that didn't happen, or whose figures can't be trusted; never reported as 0."""
