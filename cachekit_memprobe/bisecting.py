"""The exit codes of ``check --bisect``, which ``git bisect run`` acts on.

It takes 1 to 124 for bad, skips the commit at 125, and ends at 128 and above: if 2 and 3 stayed as they are,
it would blame an innocent commit.
"""

from collections.abc import Sequence

SKIP = 125
ABORT = 128

_COMMAND, _OPTION = "check", "--bisect"
_CODES = {0: 0, 1: 1, 3: SKIP}
"""Whatever else a command ends with says nothing of the commit."""


def is_asked(arguments: Sequence[str]) -> bool:
    """Whether a command line is one of a bisection; it may be wrong otherwise."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return _COMMAND in options and _OPTION in options


def exit_code(code: int) -> int:
    """What a check ends with, for ``git bisect run``."""
    return _CODES.get(code, ABORT)
