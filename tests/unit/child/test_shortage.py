"""Running out of something is known by its words, and told with what to do."""

import errno
import os

import pytest

from cachekit_memprobe.child.shortage import chain_of, is_shortage, with_shortage


@pytest.mark.parametrize(
    ("reason", "begins"),
    [
        (
            "BackendError: Failed to write: [Errno 28] No space left on device",
            "the disk is full; make room there",
        ),
        ("uv: failed to copy file (os error 28)", "the disk is full"),
        ("OSError: [Errno 122] Disk quota exceeded: 'x'", "the quota of the disk is used up"),
        ("OSError: [Errno 27] File too large", "a file would become larger than the system allows"),
        (
            "ResponseError: OOM command not allowed when used memory > 'maxmemory'.",
            "the Redis server has no memory",
        ),
        ("BackendError: Permanent Redis error: OutOfMemoryError", "the Redis server has no memory left"),
        ("ResponseError: MISCONF Redis is configured to save RDB snapshots", "the Redis server can't write"),
        ("MemcacheServerError: out of memory storing object", "the Memcached server has no memory left"),
        (
            "MemcacheServerError: b'object too large for cache'",
            "the Memcached server takes no entries of this size",
        ),
        ("MemoryError: Unable to allocate 8.00 GiB", "memory ran out"),
        ("ArrowMemoryError: malloc of size 64 failed", "memory ran out"),
    ],
)
def test_what_is_short_comes_first_and_what_was_said_last(reason: str, begins: str) -> None:
    told = with_shortage(reason)
    assert told.startswith(begins)
    assert told.endswith(f"({reason})")
    assert with_shortage(told) == told


@pytest.mark.parametrize("reason", ["TypeError: no such argument", "the read ran the function", ""])
def test_anything_else_is_left_alone(reason: str) -> None:
    assert with_shortage(reason) == reason


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), True),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), True),
        (MemoryError(), True),
        (OSError(errno.ENOENT, os.strerror(errno.ENOENT)), False),
        (ValueError("28"), False),
    ],
)
def test_an_error_is_known_as_one(error: Exception, short: bool) -> None:
    assert is_shortage(error) is short


def test_a_full_device_of_the_systems_own() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space") as caught:
            os.write(full, b"x")
    finally:
        os.close(full)
    assert is_shortage(caught.value)


def test_an_error_is_told_with_those_below_it() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as below:
            raise ValueError("could not be stored") from below
    except ValueError as error:
        told = chain_of(error)
    assert told == "ValueError: could not be stored; OSError: [Errno 28] No space left on device"
