"""Which memory is a view, which a copy, which something new; by address, of real objects."""

import ctypes
import mmap
import os
from collections.abc import Callable
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cachekit_memprobe.child.probes.buffers import Buffer, buffers_of
from cachekit_memprobe.child.probes.regions import Region, Regions

KIB = 1 << 10
FRAME = os.urandom(256 * KIB)
WORDS = "".join(map(str, range(20_000)))
NUMBERS = np.frombuffer(FRAME, dtype=np.float64)


def content(buffer: Buffer) -> bytes:
    return ctypes.string_at(buffer.start, buffer.size_bytes)


def in_arrow(data: bytes) -> Any:
    """A copy in a buffer of Arrow's own."""
    buffer = pa.allocate_buffer(len(data))
    memoryview(buffer).cast("B")[:] = data
    return buffer


class Handle:
    """As a backend's handle of a mapped file: it has a view."""

    view = memoryview(FRAME)


@pytest.mark.parametrize(
    ("thing", "contents"),
    [
        (FRAME, [FRAME]),
        (bytearray(FRAME), [FRAME]),
        (memoryview(FRAME)[7:], [FRAME[7:]]),
        (WORDS, [WORDS.encode()]),
        (NUMBERS, [FRAME]),
        (NUMBERS.reshape(2, -1), [FRAME]),
        (pa.py_buffer(FRAME), [FRAME]),
        (pa.table({"a": NUMBERS}), [FRAME]),
        (pa.chunked_array([NUMBERS[:8], NUMBERS[8:]]), []),
        (pd.DataFrame({"a": NUMBERS, "b": NUMBERS[::-1].copy()}), [FRAME, NUMBERS[::-1].tobytes()]),
        ((True, FRAME), [FRAME]),
        ([b"ab", (FRAME,)], [b"ab", FRAME]),
        (Handle(), [FRAME]),
        ("äöü" * 9000, []),
        (NUMBERS[::2], []),
        (7, []),
        (None, []),
        ({"a": FRAME}, [FRAME]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_objects_memory_is_found_where_it_is(thing: Any, contents: list[bytes]) -> None:
    assert [content(buffer) for buffer in buffers_of(thing)] == contents


def test_text_that_pandas_keeps_in_arrow_is_found() -> None:
    frame = pd.DataFrame({"a": pd.array(["abcdefgh" * 64] * 64, dtype="string[pyarrow]")})
    assert b"abcdefgh" * 64 * 64 in [content(buffer) for buffer in buffers_of(frame)]


def test_a_released_view_has_no_memory() -> None:
    view = memoryview(FRAME)
    view.release()
    assert list(buffers_of(view)) == []


@pytest.fixture
def regions() -> Regions:
    made = Regions(least_bytes=4 * KIB)
    made.add_known(FRAME, "l1_frame")
    return made


def classified(thing: Any, regions: Regions) -> list[Region]:
    """The regions that a new thing opens."""
    found = [regions.classify(buffer, received=False) for buffer in buffers_of(thing)]
    return [region for region in found if region is not None]


def judged(region: Region) -> tuple[str, str]:
    """Its kind, and what it is a copy of as a reader is told."""
    return region.kind, region.copy_of.words if region.copy_of else ""


@pytest.mark.parametrize(
    "view",
    [
        FRAME,
        memoryview(FRAME)[100:],
        NUMBERS[5:],
        pa.py_buffer(FRAME),
        pa.table({"a": NUMBERS}),
        pd.DataFrame({"a": NUMBERS}, copy=False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_view_is_nothing_new(view: Any, regions: Regions) -> None:
    assert classified(view, regions) == []


@pytest.mark.parametrize(
    "copy",
    [
        bytes(memoryview(FRAME)[:]),
        bytearray(FRAME),
        FRAME[37:],
        FRAME[: 64 * KIB],
        FRAME[1000 : 100 * KIB],
        NUMBERS.copy(),
        in_arrow(FRAME[8:]),
        pd.DataFrame({"a": NUMBERS[100:]}).copy(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_same_bytes_elsewhere_are_a_copy(copy: Any, regions: Regions) -> None:
    regions_now = regions.known.copy()
    (region,) = classified(copy, regions)
    assert judged(region) == ("verbatim", "the frame in L1")
    assert regions.known == [*regions_now, region]


@pytest.mark.parametrize(
    "result",
    [FRAME[::-1], NUMBERS[::-1].copy(), bytes(256 * KIB), FRAME + b"x", WORDS],
    ids=lambda value: type(value).__name__,
)
def test_other_bytes_are_something_new(result: Any, regions: Regions) -> None:
    (region,) = classified(result, regions)
    assert judged(region) == ("transformed", "")


def test_what_a_backend_hands_over_was_received(regions: Regions) -> None:
    (buffer,) = buffers_of(FRAME[::-1])
    region = regions.classify(buffer, received=True)
    assert region is not None
    assert region.kind == "received"


def test_what_is_small_is_ignored(regions: Regions) -> None:
    assert classified(FRAME[: 4 * KIB - 1], regions) == []


def test_what_was_seen_once_is_known(regions: Regions) -> None:
    copy = bytearray(FRAME)
    assert len(classified(copy, regions)) == 1
    assert classified(copy, regions) == classified(memoryview(copy), regions) == []


def test_text_in_a_known_frame_is_a_copy_of_it() -> None:
    regions = Regions(least_bytes=4 * KIB)
    regions.add_known(WORDS.encode(), "l1_frame")
    (region,) = classified(WORDS[10:], regions)
    assert region.kind == "verbatim"


class TestMemoryThatIsFilledLater:
    def test_is_a_copy_when_it_is_looked_at_again(self, regions: Regions) -> None:
        buffer = np.zeros(len(FRAME), dtype=np.uint8)
        (region,) = classified(buffer, regions)
        assert region.kind == "transformed"
        buffer[:] = np.frombuffer(FRAME, dtype=np.uint8)
        again = regions.second_look(regions.known.index(region))
        assert judged(again) == ("verbatim", "the frame in L1")
        assert again in regions.known
        assert region not in regions.known

    def test_is_no_copy_of_what_came_after_it(self, regions: Regions) -> None:
        original = FRAME[::-1]
        (region,) = classified(original, regions)
        (copy,) = classified(bytes(bytearray(original)), regions)
        assert copy.kind == "verbatim"
        assert regions.second_look(regions.known.index(region)) == region


def test_what_an_earlier_read_left_is_no_original(regions: Regions) -> None:
    """The backend gives the same bytes each time; that a buffer has them still makes them no copy."""
    left, received = bytearray(FRAME[::-1]), bytes(FRAME[::-1])
    for buffer in buffers_of(left):
        regions.add_before(buffer)
    (region,) = classified(received, regions)
    assert region.kind == "transformed"
    left[:] = received
    assert [regions.known[number].start for number in regions.filled()] == []  # nothing has changed
    left[:] = bytes(len(left))
    assert len(list(regions.filled())) == 1
    left[:] = received
    (number,) = regions.filled()
    assert regions.second_look(number, was_filled=True).kind == "verbatim"


class TestAFileMap:
    @pytest.fixture
    def mapping(self, tmp_path: Path) -> mmap.mmap:
        stored = tmp_path / "stored"
        stored.write_bytes(FRAME[::-1])
        with stored.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def test_is_no_copy_and_a_copy_of_it_is_one(self, mapping: mmap.mmap, regions: Regions) -> None:
        with mapping, memoryview(mapping) as view:
            assert classified(view, regions) == []
            (region,) = classified(bytes(view), regions)
        assert judged(region) == ("verbatim", "the file map")

    def test_is_not_touched_any_more_once_it_is_closed(self, mapping: mmap.mmap, regions: Regions) -> None:
        with mapping, memoryview(mapping) as view:
            classified(view, regions)
        assert len(regions.mapped()) == 1
        (region,) = classified(FRAME[::-1], regions)
        assert region.kind == "transformed"


class TestSharedMemory:
    def test_that_is_new_is_looked_at_and_can_be_closed(self, regions: Regions) -> None:
        with mmap.mmap(-1, len(FRAME)) as shared:
            (region,) = classified(shared, regions)
            assert region.kind == "transformed"
        assert classified(FRAME[::-1], regions)[0].kind == "transformed"

    def test_into_which_the_frame_is_copied_is_a_copy(self, regions: Regions) -> None:
        with mmap.mmap(-1, len(FRAME)) as shared:
            shared[:] = FRAME
            (region,) = classified(shared, regions)
            assert judged(region) == ("verbatim", "the frame in L1")

    def test_of_the_standard_library_is_a_copy_too(self, regions: Regions) -> None:
        shared = shared_memory.SharedMemory(create=True, size=len(FRAME))
        memoryview(shared.buf or b"")[:] = FRAME
        (region,) = classified(shared, regions)
        shared.close()
        shared.unlink()
        assert judged(region) == ("verbatim", "the frame in L1")

    def test_that_was_there_before_is_no_copy_and_a_copy_of_it_is_one(self) -> None:
        path = Path("/dev/shm", f"memprobe-test-{os.getpid()}")
        path.write_bytes(FRAME)
        os.utime(path, (1, 1))
        regions = Regions(least_bytes=4 * KIB)
        try:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
                assert classified(mapping, regions) == []
                (region,) = classified(bytes(mapping), regions)
        finally:
            path.unlink()
        assert judged(region) == ("verbatim", "the map of shared memory")


class TestABytearrayThatGrows:
    """It moves: to look at where it was would be a crash."""

    def test_is_not_looked_for_where_it_was(self, regions: Regions) -> None:
        array = bytearray(FRAME[::-1])
        (before,) = classified(array, regions)
        array.extend(bytes(64 << 20))
        (start,) = (buffer.start for buffer in buffers_of(array))
        assert start != before.start
        (region,) = classified(FRAME[::-1], regions)
        assert region.kind == "transformed"
        assert regions.second_look(regions.known.index(before)) is before

    def test_as_arrows_resizable_buffer_is_not_looked_for_where_it_was(self, regions: Regions) -> None:
        buffer = pa.allocate_buffer(len(FRAME), resizable=True)
        (before,) = classified(buffer, regions)
        buffer.resize(64 << 20)
        assert list(regions.filled()) == []
        assert regions.second_look(regions.known.index(before)) is before

    def test_can_still_grow(self, regions: Regions) -> None:
        array = bytearray(FRAME[::-1])
        classified(array, regions)
        array.append(1)
        assert len(array) == len(FRAME) + 1


@pytest.mark.parametrize("make", [lambda: pa.table({"a": NUMBERS}), lambda: pa.record_batch({"a": NUMBERS})])
def test_an_arrow_table_is_looked_at_once(make: Callable[[], Any], regions: Regions) -> None:
    table = make()
    assert not regions.knows_table(table)
    assert regions.knows_table(table)
    assert not regions.knows_table(FRAME)
