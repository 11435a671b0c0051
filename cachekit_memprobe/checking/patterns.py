"""Which scenarios a pattern names, and which of two patterns is the more specific one."""

import re
from fnmatch import fnmatchcase

_WILD = re.compile(r"\*|\?|\[.[^]]*\]")


def is_exact(pattern: str) -> bool:
    """Whether it is a name and no pattern."""
    return not _WILD.search(pattern)


def matches(pattern: str, name: str) -> bool:
    """Whether a scenario of this name is meant."""
    return fnmatchcase(name, pattern)


def specificity(pattern: str) -> tuple[bool, int]:
    """What is larger of the pattern that says more: a name, then more characters that are no wildcards."""
    return is_exact(pattern), len(_WILD.sub("", pattern))
