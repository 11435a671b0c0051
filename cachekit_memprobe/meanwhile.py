"""Scenarios are explained as soon as they are saved, while others are still measured.

That is done in another process. Threads of this one sample the resident set of what is measured, two
thousand times a second: they must not wait for an interpreter that is busy with attributing.

Nothing rests on it. What isn't explained here, for whatever reason, is when all has been measured.
"""

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from cachekit_memprobe import offspring, processes
from cachekit_memprobe.attribution import Captures, reading_captures
from cachekit_memprobe.explaining import result_of
from cachekit_memprobe.metrics import MEMRAY
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.validation import Invalid, from_json, to_json

Ended = Callable[[Result], None]

_SERVE = """
from cachekit_memprobe.meanwhile import serve
serve(int(sys.argv[1]), reads_captures=bool(int(sys.argv[2])))
"""


@dataclass(frozen=True)
class _Wanted:
    folder: Path
    name: str
    ended: Ended
    result: "Future[Result | None]" = field(default_factory=Future)


class Meanwhile:
    """Explains the scenarios of runs one after the other, in the order in which they are saved."""

    def __init__(self, *, reads_captures: bool) -> None:
        """``reads_captures`` prepares for captures, which takes a moment."""
        self._wanted: queue.SimpleQueue[_Wanted | None] = queue.SimpleQueue()
        self._channel, theirs = Pipe()
        with theirs:
            self._process = _started(theirs.fileno(), reads_captures=reads_captures)
        self._mark = offspring.mark(self._process.pid) if self._process else offspring.Mark(None)
        self._thread = threading.Thread(target=self._run, name="explaining", daemon=True)
        self._thread.start()

    def explain(self, folder: Path, name: str, ended: Ended) -> "Future[Result | None]":
        """The result of a scenario that is saved in a run folder, for good; ``None`` if it isn't explained.

        Args:
            ended: is told the result, before it is here.
        """
        wanted = _Wanted(folder, name, ended)
        self._wanted.put(wanted)
        return wanted.result

    def close(self) -> None:
        """Whatever it is at, it ends, and so does the process that reads captures for it."""
        if self._process:
            processes.end(self._process)
        offspring.end(self._mark)
        self._wanted.put(None)
        self._thread.join()
        self._channel.close()

    def _run(self) -> None:
        while wanted := self._wanted.get():
            try:
                result = self._explained(wanted)
                if result is not None:
                    wanted.ended(result)
            except Exception as error:  # whoever waits must not wait for ever, nor those behind it
                wanted.result.set_exception(error)
            else:
                wanted.result.set_result(result)

    def _explained(self, wanted: _Wanted) -> Result | None:
        # The process may be gone, or give an answer that can't be used: then it is explained without it.
        with suppress(EOFError, OSError, Invalid):
            self._channel.send_bytes(json.dumps([str(wanted.folder), wanted.name]).encode())
            return from_json(Result, self._channel.recv_bytes())
        return None


def _started(channel_fd: int, *, reads_captures: bool) -> "subprocess.Popen[bytes] | None":
    """The process, or ``None`` where it can't be started: it is only the sooner answer that is lost then."""
    env = processes.scrubbed(*processes.TO_READ_TEXT, *processes.TEMPORARY)
    try:
        return processes.start_python(_SERVE, channel_fd, str(int(reads_captures)), env=env)
    except OSError:
        return None


@contextmanager
def explaining_meanwhile(instruments: tuple[str, ...]) -> Iterator[Meanwhile]:
    """Explains what is measured by these instruments; at the end nothing of it is left."""
    meanwhile = Meanwhile(reads_captures=MEMRAY in instruments)
    try:
        yield meanwhile
    finally:
        meanwhile.close()


def serve(channel_fd: int, *, reads_captures: bool) -> None:
    """Answer until nobody asks any more."""
    with Connection(channel_fd) as channel, reading_captures() as captures, suppress(EOFError):
        if reads_captures:
            captures.prepare()
        while True:
            folder, name = json.loads(channel.recv_bytes())
            channel.send_bytes(json.dumps(to_json(_result(Path(folder), name, captures), Result)).encode())


def _result(folder: Path, name: str, captures: Captures) -> Result:
    saved = RunFolder(folder)
    measured, _ = saved.load()
    (measurement,) = saved.measurements((name,))
    return result_of(measurement, measured, saved.path, captures)
