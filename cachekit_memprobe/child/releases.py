"""Releases of cachekit, of which the child knows no more than their numbers."""

import re

_MOST_DIGITS = 18


def cachekit_release() -> str:
    """The release of the cachekit in this process, from its metadata."""
    from importlib.metadata import version

    return version("cachekit")


def version_key(release: str) -> tuple[int, ...]:
    """``0.10.0`` as a comparable tuple of its numbers; a suffix such as ``rc1`` is ignored."""
    # Python refuses to read a number of thousands of digits.
    numbers = [int(number[:_MOST_DIGITS]) for number in re.findall(r"\d+", release)[:3]]
    return (*numbers, 0, 0, 0)[:3]
