"""What the kernel takes from a process while it is watched: for real, by paging out what it has mapped."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cachekit_memprobe.child import wire
from cachekit_memprobe.replay.reclaim import file_pages, major_faults
from cachekit_memprobe.replay.resident_set import Watch

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/PID/smaps"),
    pytest.mark.process,
]

MIB = 1 << 20
SIZE = 8 * MIB
_PAGEOUT = 21
_CHILD = """
import mmap, sys
with open(sys.argv[1], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
touch = lambda: sum(mapped[start] for start in range(0, len(mapped), mmap.PAGESIZE))
touch()
for line in iter(sys.stdin.readline, ""):
    exec(line)
    print("done", flush=True)
"""


class Child:
    """A process with a file mapped, which does as it is told."""

    def __init__(self, file: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self.pid = self._process.pid
        self.file = file
        self.does("pass")

    def does(self, code: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(code, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == "done\n"

    def loses_its_map(self) -> None:
        """The kernel pages it out, as a reclaimer would have it do."""
        start, end = self._span()
        span = (ctypes.c_size_t * 2)(start, end - start)
        own = os.pidfd_open(self.pid)
        try:
            done = ctypes.CDLL(None).syscall(440, own, span, 1, _PAGEOUT, 0)
        finally:
            os.close(own)
        if done < 0:
            pytest.skip("this kernel doesn't page out for others")

    def _span(self) -> tuple[int, int]:
        lines = Path(f"/proc/{self.pid}/maps").read_text().splitlines()
        (line,) = (line for line in lines if line.endswith(str(self.file)))
        start, _, end = line.split()[0].partition("-")
        return int(start, 16), int(end, 16)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    path = tmp_path / "library"
    with path.open("wb") as file:
        file.write(bytes(SIZE))
        os.fsync(file.fileno())  # a dirty page isn't dropped
    made = Child(path)
    yield made
    made.close()


def watched(watch: Watch, child: Child, *, loses: bool = False, code: str = "pass") -> None:
    """One read, in which the child does something, or something is done to it."""
    watch.at_barrier(wire.BEFORE_READ, child.pid)
    if loses:
        child.loses_its_map()
    child.does(code)
    watch.at_barrier(wire.AFTER_READ, child.pid)
    watch.at_barrier(wire.AFTER_DROP, child.pid)
    watch.at_barrier(wire.SETTLED, child.pid)


def test_the_files_of_a_process_are_told_by_what_is_resident(child: Child) -> None:
    stat = child.file.stat()
    files = {file.split()[1]: pages for file, pages in file_pages(child.pid).items()}
    assert files[str(stat.st_ino).encode()] == (SIZE, SIZE)


def test_a_read_in_which_nothing_is_lost_stands(child: Child) -> None:
    watch = Watch()
    watched(watch, child)
    assert (watch.taken, len(watch.reads)) == ([], 1)


def test_pages_that_are_gone_are_told(child: Child) -> None:
    watch = Watch()
    watched(watch, child, loses=True)
    assert max(taken.size_bytes for taken in watch.taken) == SIZE


def test_pages_that_came_back_are_told_too(child: Child) -> None:
    watch, faults = Watch(), major_faults(child.pid)
    watched(watch, child, loses=True, code="touch()")
    if major_faults(child.pid) == faults:
        pytest.skip("the kernel had them elsewhere")
    assert max(taken.size_bytes for taken in watch.taken) > SIZE / 2


def test_a_loss_between_two_reads_makes_what_stays_too_small(child: Child) -> None:
    watch = Watch()
    watched(watch, child)
    watch.at_barrier(wire.BEFORE_READ, child.pid)
    watch.at_barrier(wire.AFTER_READ, child.pid)
    watch.at_barrier(wire.AFTER_DROP, child.pid)
    child.loses_its_map()
    watch.at_barrier(wire.SETTLED, child.pid)
    assert [taken.size_bytes for taken in watch.taken] == [SIZE]


@pytest.mark.parametrize(
    "code",
    ["mapped.close()", "mapped = b''", "heap = bytearray(8 << 20); del heap"],
    ids=["closes", "drops", "frees"],
)
def test_what_a_process_gives_back_itself_is_not_taken(child: Child, code: str) -> None:
    watch = Watch()
    watched(watch, child, code=code)
    assert watch.taken == []
