"""The resident set of another process, read from outside it.

The figures are the kernel's (proc_pid_status(5)); sizes are in bytes. Linux only.
"""

import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.seen import ReadFigures, RssSample
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay.reclaim import Loss, Taken

_INTERVAL_S = 0.0005
_FIELDS = {
    b"VmHWM": "peak_bytes",
    b"VmRSS": "resident_bytes",
    b"RssAnon": "anon_bytes",
    b"RssFile": "file_bytes",
    # Files of a tmpfs, memfds and anonymous shared maps: no file from which they could be read again.
    b"RssShmem": "shared_bytes",
    b"VmSwap": "swapped_bytes",
}
_LINES = re.compile(rb"^(VmHWM|VmRSS|RssAnon|RssFile|RssShmem|VmSwap):\s*(\d+) kB$", re.MULTILINE)
_LONGEST_STATUS = 1 << 14
_MOST_STRETCHES = 60
"""Of a read, of each of which two samples are kept."""


@dataclass(frozen=True)
class ResidentSet:
    """One reading; all figures come from one read of the file.

    Attributes:
        swapped_bytes: of the anonymous part, what is on a swap device and not resident.
    """

    peak_bytes: int
    resident_bytes: int
    anon_bytes: int
    file_bytes: int
    shared_bytes: int
    swapped_bytes: int = 0


def read_resident_set(pid: int) -> ResidentSet:
    """Read ``/proc/PID/status``.

    Raises:
        CouldNotMeasure: the system has no such file, or the process is gone.
    """
    try:
        found: Counter[str] = Counter()
        # As little as can be: it is done a thousand times while a read runs, beside it.
        for name, kib in _LINES.findall(_status_of(pid)):
            found[_FIELDS[name]] += int(kib) * 1024
        return ResidentSet(**found)
    except (OSError, TypeError) as error:
        raise CouldNotMeasure(
            f"the resident set of the measured process can't be read from /proc/PID/status ({error}); "
            "the rss instrument needs Linux's /proc"
        ) from error


def _status_of(pid: int) -> bytes:
    fd = os.open(f"/proc/{pid}/status", os.O_RDONLY)
    try:
        return os.read(fd, _LONGEST_STATUS)
    finally:
        os.close(fd)


def reset_peak(pid: int) -> ResidentSet:
    """Set VmHWM back to the current resident set, and read it.

    Raises:
        CouldNotMeasure: the kernel doesn't let us; VmHWM would then include the process's start.
    """
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    except OSError as error:
        raise CouldNotMeasure(
            f"the peak can't be set back: /proc/PID/clear_refs can't be written ({error}). The RSS peak of "
            "the read alone can't be told here; run where it can (a Linux kernel with "
            "CONFIG_PROC_PAGE_MONITOR, a writable /proc), or choose other instruments with --instrument"
        ) from error
    return read_resident_set(pid)


class Sampler:
    """Samples the parts of a process's resident set while a read runs.

    The kernel keeps the exact peak of the whole, but not of its parts.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resident-set-sampler", daemon=True)
        self.samples = 0
        self.anon_bytes = 0
        self.file_bytes = 0
        self.shared_bytes = 0
        self.least_file_bytes = sys.maxsize
        self._all: list[tuple[int, ResidentSet]] = []

    def start(self) -> None:
        self._sample()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    def _run(self) -> None:
        while not self._stop.wait(_INTERVAL_S):
            try:
                self._sample()
            except CouldNotMeasure:
                return

    def _sample(self) -> None:
        seen = read_resident_set(self._pid)
        self._all.append((time.monotonic_ns(), seen))
        self.samples += 1
        self.anon_bytes = max(self.anon_bytes, seen.anon_bytes)
        self.file_bytes = max(self.file_bytes, seen.file_bytes)
        self.shared_bytes = max(self.shared_bytes, seen.shared_bytes)
        self.least_file_bytes = min(self.least_file_bytes, seen.file_bytes)

    def course(self, baseline: ResidentSet) -> tuple[RssSample, ...]:
        """Of each stretch of time the lowest and the highest sample, as growth over the baseline."""
        began_ns = self._all[0][0]
        return tuple(
            RssSample(
                (at_ns - began_ns) // 1000,
                seen.anon_bytes - baseline.anon_bytes,
                seen.file_bytes - baseline.file_bytes,
                seen.shared_bytes - baseline.shared_bytes,
            )
            for at_ns, seen in _thinned(self._all)
        )


def _thinned(samples: Sequence[tuple[int, ResidentSet]]) -> Iterator[tuple[int, ResidentSet]]:
    """The first and the last one, and between them what a line through all of them would reach."""
    stretch = max(1, -(-len(samples) // _MOST_STRETCHES))
    for begin in range(0, len(samples), stretch):
        found = samples[begin : begin + stretch]
        ends = (found[0],) if begin == 0 else (found[-1],) if begin + stretch >= len(samples) else ()
        by_size = sorted(found, key=lambda sample: sample[1].resident_bytes)
        yield from sorted({*ends, by_size[0], by_size[-1]}, key=lambda sample: sample[0])


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Around reading the kernel's lists of a process.

    Raises:
        CouldNotMeasure: they can't be read.
    """
    try:
        yield
    except (OSError, ValueError, IndexError) as error:
        raise CouldNotMeasure(f"the {what} of the measured process can't be read: {error}") from error


_NONE_DUE: tuple[str, Callable[[int], None]] = ("", lambda _pid: None)
_LONGEST_NAME = 80


class Watch:
    """Brackets each read of the rss instrument; figures are growth over its baseline, in bytes.

    Attributes:
        taken: what the kernel took from the process meanwhile, at each read in which that matters.
        uncollected_bytes: what a collection after all reads gave back; ``None`` without one.
    """

    def __init__(self) -> None:
        self.reads: list[ReadFigures] = []
        self.taken: list[Taken] = []
        self.uncollected_bytes: int | None = None
        self._first: ResidentSet | None = None
        self._loss: Loss | None = None
        self._of_read = cycle(
            (
                (wire.BEFORE_READ, self._before),
                (wire.AFTER_READ, self._after),
                (wire.AFTER_DROP, self._dropped),
                (wire.SETTLED, self._settled),
            )
        )
        self._at_end = ((wire.GIVEN_BACK, self._given_back), (wire.COLLECTED, self._collected))
        self._due: Iterator[tuple[str, Callable[[int], None]]] = self._of_read

    def at_barrier(self, name: str, pid: int) -> None:
        """Look at the process.

        Raises:
            CouldNotMeasure: it can't be looked at, or this is not the barrier that is due.
        """
        due, look = next(self._due, _NONE_DUE)
        if name == wire.GIVEN_BACK and due == wire.BEFORE_READ and self.reads:
            self._due = iter(self._at_end)
            due, look = next(self._due)
        if name != due:
            raise CouldNotMeasure(
                f"the measured process stopped at {name[:_LONGEST_NAME]!r}, but {due or 'nothing'!r} was due"
            )
        look(pid)

    def require_all(self, reads: int) -> None:
        """Refuse a process that had its result before it had been looked at.

        Raises:
            CouldNotMeasure: it did not stop at every barrier of so many reads.
        """
        due, _ = next(self._due, _NONE_DUE)
        if len(self.reads) != reads or due not in ("", wire.BEFORE_READ):
            raise CouldNotMeasure(
                f"the measured process sent its result after {len(self.reads)} of {reads} reads that were "
                "watched"
            )

    def _before(self, pid: int) -> None:
        self._baseline = reset_peak(pid)
        self._first = self._first or self._baseline
        with _readable("maps"):
            self._loss = self._loss or Loss(pid, self._first.file_bytes, self._first.swapped_bytes)
            self._loss.begin(self._baseline.file_bytes)
        self._sampler = Sampler(pid)
        self._sampler.start()

    def _after(self, pid: int) -> None:
        self._sampler.stop()
        self._after_read = read_resident_set(pid)
        self._look_for_loss(pid)

    def _given_back(self, pid: int) -> None:
        self._after_giving_back = read_resident_set(pid)

    def _collected(self, pid: int) -> None:
        collected = read_resident_set(pid)
        self.uncollected_bytes = self._after_giving_back.resident_bytes - collected.resident_bytes

    def _look_for_loss(self, pid: int) -> None:
        assert self._loss is not None
        sampled = self._sampler
        with _readable("maps"):
            taken = self._loss.until_now(
                sampled.least_file_bytes, sampled.file_bytes, self._after_read.swapped_bytes
            )
        self._note(taken)

    def _note(self, taken: Taken) -> None:
        if taken.matters:
            self.taken.append(taken)

    def _dropped(self, pid: int) -> None:
        self._after_drop = read_resident_set(pid)

    def _settled(self, pid: int) -> None:
        assert self._first is not None
        assert self._loss is not None
        baseline, settled = self._baseline, read_resident_set(pid)
        with _readable("maps"):
            self._note(self._loss.left(settled.file_bytes, settled.swapped_bytes))
        self.reads.append(
            ReadFigures(
                peak_bytes=self._after_read.peak_bytes - baseline.resident_bytes,
                anon_bytes=self._sampler.anon_bytes - baseline.anon_bytes,
                file_bytes=self._sampler.file_bytes - baseline.file_bytes,
                samples=self._sampler.samples,
                baseline_bytes=baseline.resident_bytes,
                settled_bytes=settled.resident_bytes - self._first.resident_bytes,
                settled_anon_bytes=settled.anon_bytes - self._first.anon_bytes,
                settled_file_bytes=settled.file_bytes - self._first.file_bytes,
                shared_bytes=self._sampler.shared_bytes - baseline.shared_bytes,
                settled_shared_bytes=settled.shared_bytes - self._first.shared_bytes,
                dropped_bytes=self._after_drop.resident_bytes - self._first.resident_bytes,
                baseline_anon_bytes=baseline.anon_bytes,
                course=self._sampler.course(baseline),
            )
        )
