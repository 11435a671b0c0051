import mmap
import sys
from pathlib import Path

import pytest

from cachekit_memprobe.child.probes.maps import file_maps

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's maps")
_PAGE = mmap.PAGESIZE


def new_maps(before: set[tuple[int, int]]) -> int:
    """The size in bytes of the maps that have come since."""
    return sum(end - start for start, end in set(file_maps()) - before)


def test_a_mapped_file_is_one(tmp_path: Path) -> None:
    stored = tmp_path / "a file with spaces (deleted)"
    stored.write_bytes(bytes(7 * _PAGE))
    before = set(file_maps())
    with stored.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        assert new_maps(before) == 7 * _PAGE


@pytest.mark.parametrize("flags", [mmap.MAP_PRIVATE, mmap.MAP_SHARED])
def test_anonymous_memory_is_none(flags: int) -> None:
    before = set(file_maps())
    with mmap.mmap(-1, 64 * _PAGE, flags=flags | mmap.MAP_ANONYMOUS):
        assert new_maps(before) == 0


def test_a_library_is_one() -> None:
    assert list(file_maps())
