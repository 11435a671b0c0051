"""A full disk, a quota, a server without memory: known by what is said of it, and told with the remedy.

What was wrong has often gone through a client and through cachekit's own errors, which keep its words only.
"""

import errno
from dataclasses import dataclass

_DISK = "make room there, or name another folder: TMPDIR is where entries are stored, --out the run folder"

_LONGEST = 200


@dataclass(frozen=True)
class _Shortage:
    """What is short, by words that say so, and what to do."""

    signs: tuple[str, ...]
    words: str
    remedy: str


_SHORTAGES = (
    _Shortage(
        ("no space left on device", f"errno {errno.ENOSPC}]", f"os error {errno.ENOSPC})"),
        "the disk is full",
        _DISK,
    ),
    _Shortage(
        ("disk quota exceeded", f"errno {errno.EDQUOT}]", f"os error {errno.EDQUOT})"),
        "the quota of the disk is used up",
        _DISK,
    ),
    _Shortage(
        ("file too large", f"errno {errno.EFBIG}]"),
        "a file would become larger than the system allows",
        "raise the limit (ulimit -f), or use a smaller --size",
    ),
    _Shortage(
        ("oom command not allowed", "outofmemoryerror"),
        "the Redis server has no memory left for the entry",
        "raise its maxmemory, leave out --redis-url to have a server started, or use a smaller --size",
    ),
    _Shortage(
        ("misconf redis",),
        "the Redis server can't write to its own disk, and takes no entries",
        "make room there, or leave out --redis-url to have a server started",
    ),
    _Shortage(
        ("out of memory storing object", "out of memory during read", "out of memory reading request"),
        "the Memcached server has no memory left for the entry",
        "raise its -m, leave out --memcached-servers to have a server started, or use a smaller --size",
    ),
    _Shortage(
        ("object too large for cache",),
        "the Memcached server takes no entries of this size",
        "raise its -I, leave out --memcached-servers to have a server started, or use a smaller --size",
    ),
    _Shortage(
        ("memoryerror", "cannot allocate memory", "std::bad_alloc"),
        "memory ran out",
        "use a smaller --size, or fewer --jobs",
    ),
)


def with_shortage(reason: str) -> str:
    """A reason that begins with what is short, if that is the matter, and ends with what to do about it."""
    if reason.startswith(tuple(shortage.words for shortage in _SHORTAGES)):
        return reason  # it has been told before
    said = reason.lower()
    for shortage in _SHORTAGES:
        if any(sign in said for sign in shortage.signs):
            return f"{shortage.words}; {shortage.remedy} ({reason})"
    return reason


def of_a_disk(reason: str) -> bool:
    """Whether a reason, told by :func:`with_shortage`, is that a disk is full or a quota used up."""
    return reason.startswith(tuple(one.words for one in _SHORTAGES if one.remedy is _DISK))


def is_shortage(error: BaseException) -> bool:
    """Whether an error says that something is short, so that where it was raised is no matter."""
    return with_shortage(said := chain_of(error)) != said


def chain_of(error: BaseException) -> str:
    """An error with those below it: a backend's own may say no more than that the client's has happened."""
    said, below = f"{type(error).__name__}: {error}", error.__cause__ or error.__context__
    while below is not None:
        words = " ".join(str(below).split())[:_LONGEST]
        if words and words not in said:
            said += f"; {type(below).__name__}: {words}"
        below = below.__cause__ or below.__context__
    return said
