"""Start a measured process, watch it, and end it: by its result, its death, or the time limit.

Nothing that it leaves behind outlives :meth:`Supervisor.run`: it has a process group of its own, which
is killed, and a folder of its own, which its caller removes.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay import wire

_CHILD = Path(__file__).with_name("child.py")
_TAIL_BYTES = 4_000
_TAIL_LINES = 15
_LONGEST_LINE = 64 * 1024 * 1024
_MOST_OUTPUT = 64 * 1024 * 1024
_POLL_S = 0.2
_LAST_BREATH_S = 5.0

OnBarrier = Callable[[str, int], None]
"""Called with a barrier's name and the child's pid, while the child waits."""


class Cancelled(Exception):
    """The run ends, and with it this child. Not a measurement that failed: nothing is said of it."""


@dataclass(frozen=True)
class Launch:
    """What it takes to start a child.

    Attributes:
        folder: of the child's own: task file, output, home.
    """

    python: Path
    task: wire.Task
    environment: Mapping[str, str]
    folder: Path
    timeout_s: float


class Supervisor:
    """Runs children; :meth:`cancel`, from any thread, ends them all and refuses new ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._cancelled = False

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            for process in self._running:
                _kill_group(process)

    def run(self, launch: Launch, on_barrier: OnBarrier | None = None) -> dict[str, Any]:
        """Run one child to its end.

        Returns:
            The data of its result message.

        Raises:
            CouldNotMeasure: it failed, died, hung, or answered nonsense; with the tail of its output.
            Cancelled: :meth:`cancel` was called.
        """
        launch.folder.mkdir(parents=True, exist_ok=True)
        with _Pipes() as pipes, _output_of(launch) as output:
            process = self._start(launch, pipes, output)
            try:
                pipes.close_child_ends()
                return _converse(process, pipes, launch, output, on_barrier)
            except CouldNotMeasure as failure:
                self._end(process)
                if self._cancelled:
                    raise Cancelled from failure
                raise CouldNotMeasure(f"{failure}{_tail_of(output)}") from failure
            finally:
                self._end(process)

    def _start(self, launch: Launch, pipes: "_Pipes", output: Any) -> subprocess.Popen[bytes]:
        task_file = launch.folder / "task.json"
        task_file.write_text(wire.encode_task(launch.task), encoding="utf-8")
        command = [str(launch.python), "-s", str(_CHILD), str(task_file), *map(str, pipes.child_ends)]
        with self._lock:
            if self._cancelled:
                raise Cancelled
            try:
                process = subprocess.Popen(
                    command,
                    env=dict(launch.environment),
                    cwd=launch.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=pipes.child_ends,
                    start_new_session=True,
                )
            except OSError as error:
                raise CouldNotMeasure(f"the target's interpreter can't be started: {error}") from error
            self._running.add(process)
            return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            _kill_group(process)
            process.wait()
            self._running.discard(process)


class _Pipes:
    """Two pipes: the supervisor's word to the child, and the child's messages."""

    def __enter__(self) -> "_Pipes":
        child_reads, self.go_fd = os.pipe()
        self.messages_fd, child_writes = os.pipe()
        self.child_ends = (child_reads, child_writes)
        self._open = {child_reads, self.go_fd, self.messages_fd, child_writes}
        return self

    def __exit__(self, *exc: object) -> None:
        self._close(*self._open)

    def close_child_ends(self) -> None:
        """So that the child's death is the end of the stream."""
        self._close(*self.child_ends)

    def _close(self, *fds: int) -> None:
        for fd in fds:
            if fd in self._open:
                self._open.discard(fd)
                os.close(fd)


@contextlib.contextmanager
def _output_of(launch: Launch) -> Iterator[Any]:
    with (launch.folder / "output.txt").open("w+b") as output:
        yield output


def _converse(
    process: subprocess.Popen[bytes],
    pipes: _Pipes,
    launch: Launch,
    output: Any,
    on_barrier: OnBarrier | None,
) -> dict[str, Any]:
    deadline = time.monotonic() + launch.timeout_s

    def still_talks() -> bool:
        if time.monotonic() > deadline:
            raise CouldNotMeasure(
                f"the measured process did not finish within {launch.timeout_s:g} s; see --timeout"
            )
        if os.fstat(output.fileno()).st_size > _MOST_OUTPUT:
            raise CouldNotMeasure(f"the measured process printed more than {_MOST_OUTPUT >> 20} MiB")
        return _ended(process.pid) is None

    for line in _lines(pipes.messages_fd, still_talks):
        message = _decode(line)
        if message["type"] == wire.BARRIER:
            if on_barrier is not None:
                on_barrier(str(message.get("name")), process.pid)
            with contextlib.suppress(BrokenPipeError):
                os.write(pipes.go_fd, b"\n")
        elif message["type"] == wire.FAILURE:
            raise CouldNotMeasure(str(message.get("reason")))
        elif message["type"] == wire.RESULT and isinstance(message.get("data"), dict):
            data: dict[str, Any] = message["data"]
            return data
        else:
            raise CouldNotMeasure(f"the measured process sent a message of unknown type {message['type']!r}")
    raise CouldNotMeasure(_describe_end(process))


def _lines(fd: int, still_talks: Callable[[], bool]) -> Iterator[bytes]:
    """The lines on a pipe until its end, or until nobody talks who should.

    Raises:
        CouldNotMeasure: a line has no end, or what ``still_talks`` raises.
    """
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while True:
            talks = still_talks()
            if not selector.select(_POLL_S if talks else 0):
                if talks:
                    continue
                return  # ended, but something that it started keeps the pipe open
            chunk = os.read(fd, 1 << 16)
            if not chunk:
                return
            *whole, pending = (pending + chunk).split(b"\n")
            yield from whole
            if len(pending) > _LONGEST_LINE:
                raise CouldNotMeasure("the measured process sent garbage instead of messages")


def _decode(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict) or message.get("version") != wire.VERSION or "type" not in message:
        raise CouldNotMeasure(f"the measured process sent garbage instead of a message: {line[:80]!r}")
    return message


def _describe_end(process: subprocess.Popen[bytes]) -> str:
    """How a process ended that closed the channel without a result."""
    ended = _wait_without_reaping(process.pid)
    if ended is None:
        return "the measured process closed its channel without a result"
    if ended.si_code == os.CLD_EXITED:
        return f"the measured process ended with status {ended.si_status} and without a result"
    if ended.si_status == signal.SIGKILL:
        return "the measured process was killed (SIGKILL), by the kernel for want of memory as a rule"
    name = signal.strsignal(ended.si_status) or "unknown"
    return f"the measured process was killed by signal {ended.si_status} ({name})"


def _wait_without_reaping(pid: int) -> os.waitid_result | None:
    """A zombie keeps its number, so that killing its group can't hit another process's."""
    deadline = time.monotonic() + _LAST_BREATH_S
    while time.monotonic() < deadline:
        ended = _ended(pid)
        if ended is not None:
            return ended
        time.sleep(_POLL_S / 10)
    return None


def _ended(pid: int) -> os.waitid_result | None:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the child and what it started; only before it is reaped, see above."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _tail_of(output: Any) -> str:
    """The last lines that the child printed, ready to follow a reason."""
    output.seek(0, os.SEEK_END)
    output.seek(max(0, output.tell() - _TAIL_BYTES))
    text = output.read().decode("utf-8", errors="replace")
    lines = [line.rstrip() for line in text.splitlines() if line.strip()][-_TAIL_LINES:]
    return "\n".join(["", "the last it printed:", *(f"  {line}" for line in lines)]) if lines else ""
