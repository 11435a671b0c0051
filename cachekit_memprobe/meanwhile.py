"""Scenarios are explained as soon as they are saved, while others are still measured.

That is done in another process. Threads of this one sample the resident set of what is measured, two
thousand times a second: they must not wait for an interpreter that is busy with attributing.

Nothing rests on it. What isn't explained here, for whatever reason, is when all has been measured.
"""

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from cachekit_memprobe import offspring, processes
from cachekit_memprobe.attribution import reading_captures
from cachekit_memprobe.explaining import result_of
from cachekit_memprobe.metrics import MEMRAY
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.validation import Invalid, from_json, to_json

Ended = Callable[[Result], None]

_SERVE = """
from cachekit_memprobe.meanwhile import serve
serve(int(sys.argv[1]), sys.argv[2])
"""


class Meanwhile:
    """Explains the scenarios of a run one after the other, in the order in which they are saved."""

    def __init__(self, folder: Path, ended: Ended) -> None:
        self._ended = ended
        self._results: dict[str, Result] = {}
        self._saved: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._channel, theirs = Pipe()
        with theirs:
            self._process = _started(theirs.fileno(), folder)
        self._mark = offspring.mark(self._process.pid) if self._process else offspring.Mark(None)
        self._thread = threading.Thread(target=self._run, name="explaining", daemon=True)
        self._thread.start()

    def saved(self, name: str) -> None:
        """A scenario is saved, for good; any thread may tell."""
        self._saved.put(name)

    def results(self) -> Mapping[str, Result]:
        """By the names of their scenarios, when all that were told of are explained, or can't be."""
        self._saved.put(None)
        self._thread.join()
        return self._results

    def close(self) -> None:
        """Whatever it is at, it ends, and so does the process that reads captures for it."""
        if self._process:
            processes.end(self._process)
        offspring.end(self._mark)
        self._saved.put(None)
        self._thread.join()
        self._channel.close()

    def _run(self) -> None:
        # The process is gone: what is left is explained without it.
        with suppress(EOFError, OSError):
            while name := self._saved.get():
                self._channel.send_bytes(name.encode())
                answer = self._channel.recv_bytes()
                with suppress(Invalid):  # of this one, which is explained again
                    self._results[name] = from_json(Result, answer)
                    self._ended(self._results[name])


def _started(channel_fd: int, folder: Path) -> "subprocess.Popen[bytes] | None":
    """The process, or ``None`` where it can't be started: it is only the sooner answer that is lost then."""
    env = processes.scrubbed(*processes.TO_READ_TEXT, *processes.TEMPORARY)
    try:
        return processes.start_python(_SERVE, channel_fd, str(folder), env=env)
    except OSError:
        return None


@contextmanager
def explaining_meanwhile(folder: Path, ended: Ended) -> Iterator[Meanwhile]:
    """Explains the scenarios of a run folder; at the end nothing of it is left."""
    meanwhile = Meanwhile(folder, ended)
    try:
        yield meanwhile
    finally:
        meanwhile.close()


def serve(channel_fd: int, folder: str) -> None:
    """Answer until nobody asks any more."""
    saved = RunFolder(Path(folder))
    with Connection(channel_fd) as channel, reading_captures() as captures, suppress(EOFError):
        measured, _ = saved.load()
        if MEMRAY in measured.options.instruments:
            captures.prepare()
        while True:
            (measurement,) = saved.measurements((channel.recv_bytes().decode(),))
            result = result_of(measurement, measured, saved.path, captures)
            channel.send_bytes(json.dumps(to_json(result, Result)).encode())
