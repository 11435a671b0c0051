"""The client of a launcher, which forks measured processes; see :mod:`cachekit_memprobe.child.launcher`."""

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cachekit_memprobe import offspring, processes
from cachekit_memprobe.errors import CouldNotMeasure

_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER = 36, 37
_LONGEST_ANSWER = 1 << 16
_READY_S, _ANSWER_S = 60.0, 20.0

_ONE_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""A process with threads can't be forked safely, and the jemalloc that pyarrow carries starts one when it is
imported. OpenBLAS is told not to in every measured process."""


_NONSENSE = ValueError("gave an answer that can't be used")


class Refused(Exception):
    """This environment's processes can't be forked, for a reason that a fresh one may tell better."""


class Launcher:
    """One launcher, for one interpreter and environment. Threads may use it at the same time."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Start it; ``command`` is without the descriptor, ``folder`` is its own.

        Raises:
            CouldNotMeasure: the interpreter can't be started.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._environment = environment
        self._output = folder / "output.txt"
        self._lock = threading.Lock()
        self._ready = False
        self._refusal = ""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self._output.open("wb") as output:
            try:
                self._process = subprocess.Popen(
                    [*command, str(theirs.fileno())],
                    env={**environment, **_ONE_THREAD, "HOME": str(folder), "TMPDIR": str(folder)},
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError as error:
                self._control.close()
                raise CouldNotMeasure(f"the target's interpreter can't be started: {error}") from error
        self._mark = offspring.mark(self._process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def prepare(self) -> None:
        """Wait until it has imported all, or can't.

        Raises:
            Refused, CouldNotMeasure: as of :meth:`fork`.
        """
        with self._lock:
            self._wait_until_ready()

    def fork(self, environment: Mapping[str, str], folder: Path, fds: Sequence[int]) -> int:
        """Have a process forked that waits for its task; its number, and it is a child of this process.

        Args:
            environment: of the new process; where it differs from the launcher's, it is laid over it.
            fds: the channel's two and the output, for the new process to have.

        Raises:
            Refused: there can be no forking.
            CouldNotMeasure: the launcher died or hangs; it is of no use any more.
        """
        own = {name: text for name, text in environment.items() if self._environment.get(name) != text}
        request = json.dumps({"environment": own, "folder": str(folder)}).encode()
        with self._lock:
            self._wait_until_ready()
            try:
                socket.send_fds(self._control, [request], list(fds))
            except OSError as error:
                raise self._lost(error) from error
            return self._forked(self._answer(_ANSWER_S))

    def _forked(self, answer: Mapping[str, object]) -> int:
        """The number of the process that was forked, which has to be the launcher's, as it will be killed."""
        pid = answer.get("pid")
        if isinstance(pid, int) and pid != self.pid and _is_child(pid) and offspring.has(pid, self._mark):
            return pid
        raise self._lost(_NONSENSE)

    def _wait_until_ready(self) -> None:
        if not self._ready:
            self._refusal = str(self._answer(_READY_S).get("refused", ""))
            self._ready = True
        if self._refusal:
            raise Refused(self._refusal)

    def kill(self) -> None:
        """End it, so that whoever waits for its answer is told; what it has forked is not its own."""
        if self._process.returncode is None:
            processes.kill_group(self._process.pid)

    def close(self) -> None:
        """End it and forget it."""
        processes.end(self._process)
        offspring.end(self._mark)
        self._control.close()

    def _answer(self, timeout_s: float) -> Mapping[str, object]:
        self._control.settimeout(timeout_s)
        try:
            answer = self._control.recv(_LONGEST_ANSWER)
        except OSError as error:
            raise self._lost(error) from error
        if not answer:
            raise self._lost(None)
        with suppress(ValueError, RecursionError):
            parsed = json.loads(answer)
            if isinstance(parsed, dict):
                return parsed
        raise self._lost(_NONSENSE)

    def _lost(self, error: Exception | None) -> CouldNotMeasure:
        late = "did not answer in time" if isinstance(error, TimeoutError) else "ended"
        how = str(error) if error is _NONSENSE else late
        said = processes.last_lines(self._output.read_text(encoding="utf-8", errors="replace"), 15)
        last = "\n".join(["; the last it printed:", *(f"  {line}" for line in said)]) if said else ""
        return CouldNotMeasure(f"the launcher of measured processes {how}{last}")


def _is_child(pid: int) -> bool:
    """Whether it is one of this process, and no other number, which may stand for a group or for all."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    except (OSError, OverflowError):
        return False
    return pid > 0


class _Adoption:
    """Whether this process is a subreaper: from the first run that needs it to the end of the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs = 0
        self._before = 0

    def begin(self) -> None:
        with self._lock:
            if self._runs == 0:
                before = ctypes.c_int()
                ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
                self._before = before.value
                ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            self._runs += 1

    def end(self) -> None:
        with self._lock:
            self._runs -= 1
            if self._runs == 0:
                ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, self._before, 0, 0, 0)


_ADOPTION = _Adoption()


@contextmanager
def adopting() -> Iterator[bool]:
    """Inside, processes whose parent ends become children of this one, as those of a launcher must.

    Yields whether they do: only Linux can have it so.
    """
    if sys.platform != "linux":
        yield False
        return
    _ADOPTION.begin()
    try:
        yield True
    finally:
        _ADOPTION.end()


def bury_group(pid: int) -> None:
    """Wait for all children of this process that are in a group which was killed, its leader first.

    One that was killed before it made a group of its own is no leader yet.
    """
    for which in (pid, -pid):
        with suppress(ChildProcessError):
            while True:
                os.waitpid(which, 0)
