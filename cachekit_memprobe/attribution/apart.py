"""Captures are read apart: in processes that end, and take with them what reading has cost.

memray's reader keeps the symbols of each library that a native stack names, 50 to 200 MB for one capture.
And a capture may come from anywhere: to read a damaged one may crash, last for ever, or take all memory.
"""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path

from cachekit_memprobe import processes
from cachekit_memprobe.attribution.block import Capture
from cachekit_memprobe.attribution.reader import Decoded, Wanted, unpacked
from cachekit_memprobe.child.seen import MemraySeen
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.validation import Invalid, from_json, to_json

AT_ONCE = 2
"""Captures that are read side by side, at most."""

TIMEOUT_S = 300
"""For one capture. Those of the bundled scenarios take up to a second."""

_SERVE = """
from cachekit_memprobe.attribution.reader import serve
serve(int(sys.argv[1]), timeout_s=int(sys.argv[2]))
"""


class Captures:
    """Reads captures; threads may ask it at the same time, and closing it lets none of them wait."""

    def __init__(self, timeout_s: int = TIMEOUT_S) -> None:
        """``timeout_s`` is what one capture may take."""
        self._timeout_s = timeout_s
        self._slots = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._idle: list[_Reader] = []
        self._running: set[_Reader] = set()
        self._closed = False

    def prepare(self) -> None:
        """Have one process import what reading takes, while something else is done."""
        self._idle.append(self._taken())

    def read(self, file: Path, seen: MemraySeen, *, stacks: bool = False) -> Capture:
        """One capture, see :mod:`.capture`; with the ``stacks`` of its blocks if they are asked for.

        Raises:
            CouldNotMeasure: the capture can't be read, or disagrees with its journal.
        """
        with self._slots:
            reader = self._taken()
            try:
                decoded = reader.read(Wanted(str(file), replace(seen, second=None), stacks))
            except BaseException:
                self._end(reader)
                raise
            if decoded.is_last:
                self._end(reader)
            else:
                self._idle.append(reader)
        if decoded.failure:
            raise CouldNotMeasure(decoded.failure)
        return unpacked(decoded)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            running = list(self._running)
        for reader in running:
            self._end(reader)

    def _taken(self) -> "_Reader":
        with self._lock:
            if self._closed:
                raise CouldNotMeasure("the captures are closed")
            if self._idle:
                return self._idle.pop()
            reader = _Reader(self._timeout_s)
            self._running.add(reader)
            return reader

    def _end(self, reader: "_Reader") -> None:
        with self._lock:
            self._running.discard(reader)
        reader.end()


@contextmanager
def reading_captures(timeout_s: int = TIMEOUT_S) -> Iterator[Captures]:
    """Captures whose processes are gone at the end."""
    captures = Captures(timeout_s)
    try:
        yield captures
    finally:
        captures.close()


class _Reader:
    """One process."""

    def __init__(self, timeout_s: int) -> None:
        self._timeout_s = timeout_s
        self._channel, theirs = Pipe()
        with theirs:
            try:
                env = processes.scrubbed(*processes.TO_READ_TEXT)
                self._process = processes.start_python(_SERVE, theirs.fileno(), str(timeout_s), env=env)
            except OSError as error:
                self._channel.close()
                raise CouldNotMeasure(f"no process can be started to read captures: {error}") from error

    def read(self, wanted: Wanted) -> Decoded:
        """What it answers.

        Raises:
            CouldNotMeasure: it died, or answers nonsense.
        """
        try:
            self._channel.send_bytes(json.dumps(to_json(wanted, Wanted)).encode())
            return from_json(Decoded, self._channel.recv_bytes())
        except (EOFError, OSError):
            raise CouldNotMeasure(f"memray's capture can't be read: {self._end_in_words()}") from None
        except Invalid as problem:
            raise CouldNotMeasure(f"memray's capture can't be read: its reader answers {problem}") from None

    def end(self) -> None:
        processes.end(self._process)
        self._channel.close()

    def _end_in_words(self) -> str:
        status = self._process.wait()
        if status == -signal.SIGALRM:
            return f"that takes longer than {self._timeout_s} s"
        if status == -signal.SIGKILL:
            return "the process that reads it was killed (SIGKILL), most likely because memory ran out"
        how = signal.strsignal(-status) if status < 0 else f"status {status}"
        return f"the process that reads it ended with {how}; the file is damaged"
