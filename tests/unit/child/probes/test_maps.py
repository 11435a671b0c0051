import mmap
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing import shared_memory
from pathlib import Path

import pytest

from cachekit_memprobe.child.probes.maps import Map, backing_of, maps, now, shared_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's maps")
_PAGE = mmap.PAGESIZE
_SIZE = 64 * _PAGE


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A file in a tmpfs, written some time ago."""
    path = Path("/dev/shm", f"memprobe-test-{os.getpid()}")
    path.write_bytes(bytes(_SIZE))
    os.utime(path, (1, 1))
    yield path
    path.unlink(missing_ok=True)


def new_maps(before: set[Map]) -> list[Map]:
    """The maps that have come since."""
    return sorted(set(maps()) - before, key=lambda one: one.start)


def test_a_mapped_file_is_one(tmp_path: Path) -> None:
    stored = tmp_path / "a file with spaces (deleted)"
    stored.write_bytes(bytes(7 * _PAGE))
    before = set(maps())
    with stored.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        (found,) = new_maps(before)
        assert (found.end - found.start, found.backing(0.0)) == (7 * _PAGE, "file")
        assert backing_of(file.fileno(), 0.0) == "file"


def test_private_memory_is_none() -> None:
    before = set(maps())
    with mmap.mmap(-1, _SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS):
        assert new_maps(before) == []
    assert backing_of(-1, 0.0) is None


def test_a_library_is_a_file() -> None:
    assert {one.backing(0.0) for one in maps() if ".so" in one.path} == {"file"}


class TestSharedMemory:
    def test_without_a_name_is_made(self) -> None:
        before = set(maps())
        with mmap.mmap(-1, _SIZE):
            (found,) = new_maps(before)
            assert found.backing(now()) == "made"

    def test_of_a_memfd_is_made_if_it_was_written_since(self) -> None:
        fd, before = os.memfd_create("snapshot"), set(maps())
        os.truncate(fd, _SIZE)
        with mmap.mmap(fd, _SIZE):
            (found,) = new_maps(before)
            assert found.backing(0.0) == "made"
            assert backing_of(fd, 0.0) == "made"
            assert backing_of(fd, time.time() + 1) == "shared"
        os.close(fd)

    def test_that_a_file_of_a_tmpfs_stands_for_was_there_before(self, in_memory: Path) -> None:
        before = set(maps())
        with in_memory.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapping:
            (found,) = new_maps(before)
            assert (found.backing(2.0), backing_of(file.fileno(), 2.0)) == ("shared", "shared")
            in_memory.unlink()
            assert len(mapping) == _SIZE
            (found,) = new_maps(before)
            assert (found.path.endswith("(deleted)"), found.backing(2.0)) == (True, "made")

    def test_of_the_standard_library_is_made(self) -> None:
        since, before = now(), set(maps())
        shared = shared_memory.SharedMemory(create=True, size=_SIZE)
        (found,) = new_maps(before)
        assert found.backing(since) == "made"
        shared.close()
        shared.unlink()

    def test_is_counted_by_what_is_resident(self, in_memory: Path) -> None:
        before = shared_bytes(apart_from="/nowhere")
        with mmap.mmap(-1, _SIZE) as half, in_memory.open("rb") as file:
            half[: _SIZE // 2] = bytes(_SIZE // 2)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                assert whole.find(b"x") == -1
                assert shared_bytes(apart_from="/nowhere") - before == _SIZE // 2 + _SIZE
                assert shared_bytes(apart_from=str(in_memory)) - before == _SIZE // 2
        assert shared_bytes(apart_from="/nowhere") == before
