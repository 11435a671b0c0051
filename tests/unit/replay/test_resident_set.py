"""The kernel's figures of a process: this one, and one that is gone."""

import mmap
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe.child import wire
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay.resident_set import Sampler, Watch, read_resident_set, reset_peak

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/PID/status")

MIB = 1 << 20
SIZE = 64 * MIB
_NOISE = 2 * MIB
_NOBODY = 2**22 + 1  # more than pid_max can be


def touched(mapping: mmap.mmap) -> mmap.mmap:
    """With every page resident."""
    for start in range(0, len(mapping), mmap.PAGESIZE):
        mapping[start]
    return mapping


def anonymous() -> mmap.mmap:
    mapping = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for start in range(0, SIZE, mmap.PAGESIZE):
        mapping[start] = 1
    return mapping


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "stored"
    path.write_bytes(bytes(SIZE))
    return path


class TestOneReading:
    def test_is_what_others_read(self) -> None:
        seen = read_resident_set(os.getpid())
        assert seen.resident_bytes == pytest.approx(psutil.Process().memory_info().rss, abs=_NOISE)
        parts = (seen.anon_bytes, seen.file_bytes, seen.shared_bytes)
        assert sum(parts) == pytest.approx(seen.resident_bytes, abs=_NOISE)
        assert seen.peak_bytes >= seen.resident_bytes

    def test_tells_anonymous_memory(self) -> None:
        before = read_resident_set(os.getpid())
        with anonymous():
            seen = read_resident_set(os.getpid())
        assert seen.anon_bytes - before.anon_bytes == pytest.approx(SIZE, abs=_NOISE)
        assert seen.file_bytes - before.file_bytes == pytest.approx(0, abs=_NOISE)

    @pytest.mark.parametrize("folder", ["/dev/shm", ""], ids=["tmpfs", "disk"])
    def test_tells_a_mapped_file_from_shared_memory(self, folder: str, stored: Path) -> None:
        path = Path(folder, f"memprobe-test-{os.getpid()}") if folder else stored
        path.write_bytes(bytes(SIZE))
        before = read_resident_set(os.getpid())
        try:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
                touched(mapping)
                seen = read_resident_set(os.getpid())
        finally:
            path.unlink()
        of_file, shared = (0, SIZE) if folder else (SIZE, 0)
        assert seen.file_bytes - before.file_bytes == pytest.approx(of_file, abs=_NOISE)
        assert seen.shared_bytes - before.shared_bytes == pytest.approx(shared, abs=_NOISE)
        assert seen.anon_bytes - before.anon_bytes == pytest.approx(0, abs=_NOISE)

    @pytest.mark.process
    def test_of_a_process_that_is_gone_is_none(self) -> None:
        with subprocess.Popen(["sleep", "0"]) as ended:
            os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
            with pytest.raises(CouldNotMeasure, match="the rss instrument needs Linux's /proc"):
                read_resident_set(ended.pid)  # a zombie still has the file, without the figures


class TestThePeak:
    def test_can_be_set_back_to_what_is_resident(self) -> None:
        anonymous().close()
        seen = reset_peak(os.getpid())
        assert seen.peak_bytes == pytest.approx(seen.resident_bytes, abs=_NOISE)

    def test_is_kept_when_the_memory_is_gone(self) -> None:
        baseline = reset_peak(os.getpid())
        anonymous().close()
        seen = read_resident_set(os.getpid())
        assert seen.peak_bytes - baseline.resident_bytes == pytest.approx(SIZE, abs=_NOISE)
        assert seen.resident_bytes - baseline.resident_bytes == pytest.approx(0, abs=_NOISE)

    def test_that_cannot_be_set_back_is_refused_with_the_remedy(self) -> None:
        with pytest.raises(CouldNotMeasure) as caught:
            reset_peak(_NOBODY)
        assert "clear_refs" in str(caught.value)
        assert "--instrument" in str(caught.value)


class TestTheSampler:
    def test_keeps_the_largest_of_each_part(self) -> None:
        before = read_resident_set(os.getpid())
        sampler = Sampler(os.getpid())
        sampler.start()
        with anonymous():
            sampled = threading.Event()
            threading.Timer(0.05, sampled.set).start()
            sampled.wait()
        sampler.stop()
        assert sampler.anon_bytes - before.anon_bytes == pytest.approx(SIZE, abs=_NOISE)
        assert sampler.samples > 2

    @pytest.mark.process
    def test_ends_with_the_process(self) -> None:
        with subprocess.Popen(["sleep", "3600"]) as process:
            sampler = Sampler(process.pid)
            sampler.start()
            process.kill()
        with pytest.raises(CouldNotMeasure):
            sampler.stop()
        names = [thread.name for thread in threading.enumerate()]
        assert "resident-set-sampler" not in names


_OF_A_READ = (wire.BEFORE_READ, wire.AFTER_READ, wire.AFTER_DROP, wire.SETTLED)


class TestTheWatch:
    """At the barriers of the rss instrument."""

    def test_tells_each_read_as_growth_over_its_baseline(self) -> None:
        watch = Watch()
        for _ in range(2):
            watch.at_barrier(wire.BEFORE_READ, os.getpid())
            with anonymous():
                watch.at_barrier(wire.AFTER_READ, os.getpid())
            watch.at_barrier(wire.AFTER_DROP, os.getpid())
            watch.at_barrier(wire.SETTLED, os.getpid())
        assert len(watch.reads) == 2
        for read in watch.reads:
            assert (read.peak_bytes, read.anon_bytes) == pytest.approx((SIZE, SIZE), abs=_NOISE)
            assert (read.file_bytes, read.settled_bytes) == pytest.approx((0, 0), abs=_NOISE)
            assert read.baseline_anon_bytes is not None
            assert 0 < read.baseline_anon_bytes < read.baseline_bytes
            assert read.samples >= 2

    def test_tells_what_the_first_read_leaves_of_every_later_one_too(self) -> None:
        watch = Watch()
        watch.at_barrier(wire.BEFORE_READ, os.getpid())
        with anonymous():
            watch.at_barrier(wire.AFTER_READ, os.getpid())
            watch.at_barrier(wire.AFTER_DROP, os.getpid())
            watch.at_barrier(wire.SETTLED, os.getpid())
            for name in (wire.BEFORE_READ, wire.AFTER_READ, wire.AFTER_DROP, wire.SETTLED):
                watch.at_barrier(name, os.getpid())
        settled = [(read.settled_bytes, read.settled_anon_bytes) for read in watch.reads]
        assert settled == [pytest.approx((SIZE, SIZE), abs=_NOISE)] * 2
        assert watch.reads[1].peak_bytes == pytest.approx(0, abs=_NOISE)

    def test_tells_what_a_collection_after_all_reads_gives_back(self) -> None:
        watch = Watch()
        for name in (wire.BEFORE_READ, wire.AFTER_READ, wire.AFTER_DROP, wire.SETTLED):
            watch.at_barrier(name, os.getpid())
        assert watch.uncollected_bytes is None
        with anonymous():
            watch.at_barrier(wire.GIVEN_BACK, os.getpid())
        watch.at_barrier(wire.COLLECTED, os.getpid())
        assert watch.uncollected_bytes == pytest.approx(SIZE, abs=_NOISE)

    def test_tells_shared_memory_that_stays(self) -> None:
        watch = Watch()
        watch.at_barrier(wire.BEFORE_READ, os.getpid())
        with mmap.mmap(-1, SIZE) as shared:
            shared.write(bytes(SIZE))
            for name in (wire.AFTER_READ, wire.AFTER_DROP, wire.SETTLED):
                watch.at_barrier(name, os.getpid())
        (read,) = watch.reads
        assert (read.shared_bytes, read.settled_shared_bytes) == pytest.approx((SIZE, SIZE), abs=_NOISE)
        assert read.file_bytes == pytest.approx(0, abs=_NOISE)

    def test_tells_what_is_there_until_the_collector_has_run(self) -> None:
        watch = Watch()
        watch.at_barrier(wire.BEFORE_READ, os.getpid())
        with anonymous():
            watch.at_barrier(wire.AFTER_READ, os.getpid())
            watch.at_barrier(wire.AFTER_DROP, os.getpid())
        watch.at_barrier(wire.SETTLED, os.getpid())
        (read,) = watch.reads
        assert (read.dropped_bytes, read.settled_bytes) == pytest.approx((SIZE, 0), abs=_NOISE)

    @pytest.mark.parametrize(
        "name", [wire.AFTER_READ, wire.AFTER_DROP, wire.SETTLED, wire.GIVEN_BACK, "lunch", "None"]
    )
    def test_refuses_a_barrier_that_is_not_due(self, name: str) -> None:
        with pytest.raises(CouldNotMeasure, match=f"stopped at '{name}', but 'before-read' was due"):
            Watch().at_barrier(name, os.getpid())

    def test_refuses_a_barrier_after_the_last(self) -> None:
        watch = Watch()
        for name in (*_OF_A_READ, wire.GIVEN_BACK, wire.COLLECTED):
            watch.at_barrier(name, os.getpid())
        with pytest.raises(CouldNotMeasure, match="stopped at 'before-read', but 'nothing' was due"):
            watch.at_barrier(wire.BEFORE_READ, os.getpid())

    @pytest.mark.parametrize(
        "barriers", [(), _OF_A_READ[:2], (*_OF_A_READ, *_OF_A_READ), (*_OF_A_READ, wire.GIVEN_BACK)]
    )
    def test_refuses_a_result_before_or_after_its_time(self, barriers: tuple[str, ...]) -> None:
        watch = Watch()
        for name in barriers:
            watch.at_barrier(name, os.getpid())
        with pytest.raises(CouldNotMeasure, match="sent its result after"):
            watch.require_all(1)

    @pytest.mark.parametrize("last", [(), (wire.GIVEN_BACK, wire.COLLECTED)])
    def test_is_content_with_all_reads(self, last: tuple[str, ...]) -> None:
        watch = Watch()
        for name in (*_OF_A_READ, *_OF_A_READ, *last):
            watch.at_barrier(name, os.getpid())
        watch.require_all(2)
