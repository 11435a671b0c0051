"""The supervisor's side of the channel: what a measured process says, and how it ends."""

import contextlib
import json
import math
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, NoReturn

from cachekit_memprobe.child import wire
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.processes import last_lines

_TAIL_BYTES = 4_000
_TAIL_LINES = 15
_LONGEST_LINE = 16 * 1024 * 1024
"""Of a message. The longest of a bundled scenario has less than a MiB."""

_MOST_OUTPUT = 64 * 1024 * 1024
_LONGEST_REASON = 8_000
_QUOTED = 80
_LARGEST_NUMBER = 1 << 63
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
    _say(ends, f"{task}\n", patience)
    for line in _lines(ends.messages_fd, patience):
        message = _decode(line)
        kind, name = message["type"], message.get("name")
        if kind == wire.BARRIER and name == wire.PREPARED and later is not None:
            _say(ends, f"\n{later()}\n", patience, begins=True)
            later = None
        elif kind == wire.BARRIER:
            if on_barrier is None or not isinstance(name, str):
                raise CouldNotMeasure(f"the measured process stopped at {_quoted(name)}, where none is due")
            on_barrier(name, pid)
            _say(ends, "\n", patience)
        elif kind == wire.FAILURE and isinstance(message.get("reason"), str):
            raise CouldNotMeasure(_printable(message["reason"]))
        elif kind == wire.RESULT and isinstance(message.get("data"), dict):
            return json.dumps(message["data"])
        else:
            raise CouldNotMeasure(f"the measured process sent a message of unknown type {_quoted(kind)}")
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

    def require(self) -> None:
        """Refuse to wait any longer.

        Raises:
            CouldNotMeasure: its time is up.
        """
        if time.monotonic() > self._deadline:
            raise CouldNotMeasure(
                f"the measured process did not finish within {self._timeout_s:g} s; see --timeout"
            )

    def still_talks(self) -> bool:
        """Whether there is anyone who may still say something.

        Raises:
            CouldNotMeasure: its time is up, or it prints without end.
        """
        self.require()
        if os.fstat(self._output.fileno()).st_size > _MOST_OUTPUT:
            raise CouldNotMeasure(f"the measured process printed more than {_MOST_OUTPUT >> 20} MiB")
        return _ended(self._pid) is None


def tail_of(output: IO[bytes]) -> str:
    """The last lines that the child printed, ready to follow a reason."""
    output.seek(0, os.SEEK_END)
    start = max(0, output.tell() - _TAIL_BYTES)
    output.seek(start)
    text = output.read(_TAIL_BYTES).decode("utf-8", errors="replace")
    if start:
        # The rest of a line, which may begin in the middle of a path.
        text = text.partition("\n")[2] or text
    lines = last_lines(text, _TAIL_LINES)
    return "\n".join(["", "the last it printed:", *(f"  {line}" for line in lines)]) if lines else ""


def _say(ends: Ends, words: str, patience: _Patience, *, begins: bool = False) -> None:
    """To a child that may have died meanwhile, or doesn't listen.

    Args:
        begins: its time begins with these words.

    Raises:
        CouldNotMeasure: its time is up, and it has not listened.
    """
    if begins:
        patience.begin()
    rest = memoryview(words.encode())
    with contextlib.suppress(BrokenPipeError), selectors.DefaultSelector() as selector:
        os.set_blocking(ends.go_fd, False)
        selector.register(ends.go_fd, selectors.EVENT_WRITE)
        while rest and patience.still_talks():
            if selector.select(_POLL_S):
                rest = rest[os.write(ends.go_fd, rest) :]


def _lines(fd: int, patience: _Patience) -> Iterator[bytes]:
    """The lines on a pipe until its end, or until nobody talks who should.

    Raises:
        CouldNotMeasure: a line is too long for a message, or the child's time is up.
    """
    pending = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while True:
            talks = patience.still_talks()
            if not selector.select(_POLL_S if talks else 0):
                if talks:
                    continue
                return  # ended, but something that it started keeps the pipe open
            chunk = os.read(fd, 1 << 16)
            if not chunk:
                return
            first, *others = chunk.split(b"\n")
            pending += first
            for following in others:
                # What one chunk holds may take long to answer, as each barrier is looked at.
                patience.require()
                yield bytes(pending)
                pending = bytearray(following)
            if len(pending) > _LONGEST_LINE:
                raise CouldNotMeasure(
                    "the measured process sent garbage instead of messages: a line of more than "
                    f"{_LONGEST_LINE >> 20} MiB"
                )


def _decode(line: bytes) -> dict[str, Any]:
    """A message.

    Raises:
        CouldNotMeasure: it is none, or has numbers that are no size of anything.
    """
    try:
        message = json.loads(line, parse_constant=_refuse, parse_float=_finite, parse_int=_bounded)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or message.get("version") != wire.VERSION or "type" not in message:
        raise CouldNotMeasure(
            f"the measured process sent garbage instead of a message: {line[:_QUOTED]!r}"
        ) from None
    return message


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"{number} is no number")


def _finite(number: str) -> float:
    return value if math.isfinite(value := float(number)) else _refuse(number)


def _bounded(number: str) -> int:
    # Checked before it is made: a number of a million digits takes long.
    return int(number) if len(number) < 20 and abs(int(number)) < _LARGEST_NUMBER else _refuse(number[:20])


def _quoted(thing: object) -> str:
    return repr(thing if isinstance(thing, str) else type(thing).__name__)[:_QUOTED]


def _printable(reason: str) -> str:
    """Of a length that can be read, and without halves of surrogate pairs, which nothing can write."""
    return reason[:_LONGEST_REASON].encode("utf-8", "replace").decode()


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
