"""Releases of cachekit, of which the child knows no more than their numbers."""

import re


def cachekit_release() -> str:
    """The release of the cachekit in this process, from its metadata."""
    from importlib.metadata import version

    return version("cachekit")


def version_key(release: str) -> tuple[int, ...]:
    """``0.10.0`` as a comparable tuple of its numbers; a suffix such as ``rc1`` is ignored."""
    numbers = [int(number) for number in re.findall(r"\d+", release)[:3]]
    return (*numbers, 0, 0, 0)[:3]
