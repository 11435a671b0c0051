"""The supervisor's side of the channel: what a measured process says, and how it ends."""

import contextlib
import json
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from cachekit_memprobe.child import wire
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.processes import last_lines

_TAIL_BYTES = 4_000
_TAIL_LINES = 15
_LONGEST_LINE = 64 * 1024 * 1024
_MOST_OUTPUT = 64 * 1024 * 1024
_POLL_S = 0.2
_LAST_BREATH_S = 5.0

OnBarrier = Callable[[str, int], None]
"""Called with a barrier's name and the child's pid, while the child waits."""


@dataclass(frozen=True)
class Ends:
    """This side of a child's channel, and what it prints.

    Attributes:
        go_fd: to the child: the task, and a line at each barrier.
        messages_fd: from it.
        output: its stdout and stderr, a file.
    """

    go_fd: int
    messages_fd: int
    output: IO[bytes]


def converse(
    pid: int,
    ends: Ends,
    task: str,
    timeout_s: float,
    on_barrier: OnBarrier | None,
    later: Callable[[], str] | None = None,
) -> str:
    """Hand a child its task, and answer it until it has done it.

    Args:
        pid: of a child of this process, not buried yet.
        later: waits for the task that ``task`` only prepares; its time begins then.

    Returns:
        The data of its result, as JSON.

    Raises:
        CouldNotMeasure: it failed, died, hung, or answered nonsense.
    """
    patience = _Patience(pid, ends, timeout_s)
    _say(ends, f"{task}\n")
    for line in _lines(ends.messages_fd, patience.still_talks):
        message = _decode(line)
        if message["type"] == wire.BARRIER and message.get("name") == wire.PREPARED and later is not None:
            _say(ends, f"\n{later()}\n")
            patience.begin()
        elif message["type"] == wire.BARRIER:
            if on_barrier is not None:
                on_barrier(str(message.get("name")), pid)
            _say(ends, "\n")
        elif message["type"] == wire.FAILURE:
            raise CouldNotMeasure(str(message.get("reason")))
        elif message["type"] == wire.RESULT and isinstance(message.get("data"), dict):
            return json.dumps(message["data"])
        else:
            raise CouldNotMeasure(f"the measured process sent a message of unknown type {message['type']!r}")
    raise CouldNotMeasure(_describe_end(pid))


class _Patience:
    """What a child that doesn't answer is given."""

    def __init__(self, pid: int, ends: Ends, timeout_s: float) -> None:
        self._pid = pid
        self._output = ends.output
        self._timeout_s = timeout_s
        self.begin()

    def begin(self) -> None:
        """Its time begins."""
        self._deadline = time.monotonic() + self._timeout_s

    def still_talks(self) -> bool:
        """Whether there is anyone who may still say something.

        Raises:
            CouldNotMeasure: its time is up, or it prints without end.
        """
        if time.monotonic() > self._deadline:
            raise CouldNotMeasure(
                f"the measured process did not finish within {self._timeout_s:g} s; see --timeout"
            )
        if os.fstat(self._output.fileno()).st_size > _MOST_OUTPUT:
            raise CouldNotMeasure(f"the measured process printed more than {_MOST_OUTPUT >> 20} MiB")
        return _ended(self._pid) is None


def tail_of(output: IO[bytes]) -> str:
    """The last lines that the child printed, ready to follow a reason."""
    output.seek(0, os.SEEK_END)
    output.seek(max(0, output.tell() - _TAIL_BYTES))
    lines = last_lines(output.read().decode("utf-8", errors="replace"), _TAIL_LINES)
    return "\n".join(["", "the last it printed:", *(f"  {line}" for line in lines)]) if lines else ""


def _say(ends: Ends, words: str) -> None:
    """To a child that may have died meanwhile."""
    with contextlib.suppress(BrokenPipeError):
        os.write(ends.go_fd, words.encode())


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


def _describe_end(pid: int) -> str:
    """How a process ended that closed the channel without a result."""
    ended = _wait_without_reaping(pid)
    if ended is None:
        return "the measured process closed its channel without a result"
    if ended.si_code == os.CLD_EXITED:
        return f"the measured process ended with status {ended.si_status} and without a result"
    if ended.si_status == signal.SIGKILL:
        return "the measured process was killed (SIGKILL), most likely by the kernel because memory ran out"
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
