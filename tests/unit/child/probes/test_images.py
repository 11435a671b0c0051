"""Where bytes stand a second time, in real memory."""

import os

import pytest

from cachekit_memprobe.child.probes.buffers import Buffer, buffers_of
from cachekit_memprobe.child.probes.images import Images

KIB = 1 << 10
ORIGINAL = os.urandom(3072 * KIB)


def span(data: bytes | bytearray) -> Buffer:
    (found,) = buffers_of(data)
    return found


@pytest.mark.parametrize(
    ("data", "shared_bytes"),
    [
        (ORIGINAL[:], len(ORIGINAL)),
        (b"another header" + ORIGINAL[64:], len(ORIGINAL) - 64),
        (bytes(5000) + ORIGINAL + bytes(5000), len(ORIGINAL)),
        (ORIGINAL[: 2048 * KIB] + os.urandom(1024 * KIB), 2048 * KIB),
        (os.urandom(7) + ORIGINAL[1000 * KIB :], 2072 * KIB),
        (ORIGINAL[: 1024 * KIB], 0),  # less than half
        (ORIGINAL[::-1], 0),
        (bytes(len(ORIGINAL)), 0),
    ],
    ids=["whole", "behind a header", "inside", "the start", "the end", "a third", "reversed", "zeros"],
)
def test_the_run_that_two_spans_share(data: bytes, shared_bytes: int) -> None:
    copy = bytearray(data)  # at an address of its own
    assert Images().shared_bytes(span(copy), span(ORIGINAL)) == pytest.approx(shared_bytes, abs=2)


def test_of_bytes_that_are_all_the_same_nothing_is_told() -> None:
    zeros = bytes(1024 * KIB)
    assert Images().shared_bytes(span(bytearray(zeros + b"x")), span(zeros)) == 0


def test_a_needle_may_stand_in_other_places_before_the_right_one() -> None:
    middle = len(ORIGINAL) // 2
    decoys = (ORIGINAL[middle : middle + 64] + os.urandom(100)) * 3
    assert Images().shared_bytes(span(bytearray(decoys + ORIGINAL)), span(ORIGINAL)) == len(ORIGINAL)
