"""The resident set of another process, read from outside it.

The figures are the kernel's (proc_pid_status(5)); sizes are in bytes. Linux only.
"""

import os
import re
import threading
from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.seen import ReadFigures
from cachekit_memprobe.errors import CouldNotMeasure

_INTERVAL_S = 0.0005
_FIELDS = {
    b"VmHWM": "peak_bytes",
    b"VmRSS": "resident_bytes",
    b"RssAnon": "anon_bytes",
    b"RssFile": "file_bytes",
    # Where the kernel counts the mapped files of a tmpfs, which many a temporary folder is.
    b"RssShmem": "file_bytes",
}
_LINES = re.compile(rb"^(VmHWM|VmRSS|RssAnon|RssFile|RssShmem):\s*(\d+) kB$", re.MULTILINE)
_LONGEST_STATUS = 1 << 14


@dataclass(frozen=True)
class ResidentSet:
    """One reading; all four figures come from one read of the file."""

    peak_bytes: int
    resident_bytes: int
    anon_bytes: int
    file_bytes: int


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
    """Samples the anonymous and the file-backed part of a process while a read runs.

    The kernel keeps the exact peak of the whole, but not of its parts.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resident-set-sampler", daemon=True)
        self.samples = 0
        self.anon_bytes = 0
        self.file_bytes = 0

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
        self.samples += 1
        self.anon_bytes = max(self.anon_bytes, seen.anon_bytes)
        self.file_bytes = max(self.file_bytes, seen.file_bytes)


class Watch:
    """Brackets each read of the rss instrument; figures are growth over its baseline, in bytes."""

    def __init__(self) -> None:
        self.reads: list[ReadFigures] = []
        self._first: ResidentSet | None = None
        self._due = cycle(
            (
                (wire.BEFORE_READ, self._before),
                (wire.AFTER_READ, self._after),
                (wire.AFTER_DROP, self._dropped),
            )
        )

    def at_barrier(self, name: str, pid: int) -> None:
        """Look at the process.

        Raises:
            CouldNotMeasure: it can't be looked at, or this is not the barrier that is due.
        """
        due, look = next(self._due)
        if name != due:
            raise CouldNotMeasure(f"the measured process stopped at {name!r}, but {due!r} was due")
        look(pid)

    def _before(self, pid: int) -> None:
        self._baseline = reset_peak(pid)
        self._first = self._first or self._baseline
        self._sampler = Sampler(pid)
        self._sampler.start()

    def _after(self, pid: int) -> None:
        self._sampler.stop()
        self._after_read = read_resident_set(pid)

    def _dropped(self, pid: int) -> None:
        assert self._first is not None
        baseline, settled = self._baseline, read_resident_set(pid)
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
                baseline_anon_bytes=baseline.anon_bytes,
            )
        )
