"""A server's process: started for one run, where nobody else reaches it, and gone after it.

It has a process group of its own, which is killed; on Linux it also dies with the thread that started
it, however that ends. Whatever it writes stays in a folder that its owner removes.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from cachekit_memprobe import leash, processes
from cachekit_memprobe.errors import CouldNotMeasure

LOOPBACK = "127.0.0.1"
SOCKET = "socket"
_LONGEST_ADDRESS = 100
"""In bytes, of a Unix socket's; Linux takes 107 and macOS 103."""

_START_TIMEOUT_S = 20.0
_POLL_S = 0.02
_PORTS_TRIED = 5
_TAIL_LINES = 5


class ServerProcess:
    """A running server. To close it twice, or after it has died, is fine."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        """Start ``command`` in ``folder``.

        Raises:
            CouldNotMeasure: it can't be started.
        """
        self.name = name
        self._log = folder / "log.txt"
        leashed = (sys.executable, "-I", "-S", str(leash.__file__), str(os.getpid()), *command)
        with self._log.open("wb") as log:
            try:
                self._process = subprocess.Popen(
                    leashed,
                    env=processes.scrubbed(*processes.TIME_ZONE),
                    cwd=folder,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise CouldNotMeasure(f"{name} can't be started: {error.strerror}") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, words: str, *, end: bool = False) -> None:
        """Write to its stdin, where nobody sees it, and close that at the ``end``."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(words.encode())
            self._process.stdin.flush()
            if end:
                self._process.stdin.close()

    def said(self) -> str:
        """All that it has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def end(self) -> str | None:
        """How it ended, in words, with the last that it said; ``None`` while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        last = [f"  {line}" for line in processes.last_lines(self.said(), _TAIL_LINES)]
        return "\n".join([f"{self.name} {how}" + ("; the last it said:" if last else ""), *last])

    def wait_until(self, answers: Callable[[], bool]) -> None:
        """Wait until it answers.

        Raises:
            CouldNotMeasure: it ended, or took too long.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not answers():
            ended = self.end()
            if ended is not None:
                raise CouldNotMeasure(ended)
            if time.monotonic() > deadline:
                raise CouldNotMeasure(f"{self.name} did not answer within {_START_TIMEOUT_S:g} s")
            time.sleep(_POLL_S)

    def close(self) -> None:
        """Kill it with all that it started; it holds nothing that anyone wants back."""
        processes.end(self._process)
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()


def socket_of(process: ServerProcess, folder: Path) -> str:
    """The path of a server's socket, which it makes under the name :data:`SOCKET` in its folder.

    An address has room for some 100 bytes. Where the folder's path is longer, Linux knows a shorter one.

    Raises:
        CouldNotMeasure: there is none.
    """
    path = str(folder / SOCKET)
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        return path
    if sys.platform == "linux":
        return f"/proc/{process.pid}/cwd/{SOCKET}"
    raise CouldNotMeasure(
        f"the temporary folder's path is too long for {process.name}; set TMPDIR to a shorter one"
    )


def on_a_free_port(
    start: Callable[[int], ServerProcess], answers: Callable[[ServerProcess, int], bool]
) -> tuple[ServerProcess, int]:
    """Start a server on a port that is free.

    Between finding a port and listening on it another program may take it. Then the server ends, and
    another port is tried.

    Args:
        start: starts the server on a port.
        answers: whether it is that server, and no other, that answers on the port.

    Raises:
        CouldNotMeasure: it ends on every port, or does not answer.
    """
    for attempt in range(1, _PORTS_TRIED + 1):
        port = free_port()
        process = start(port)
        try:
            process.wait_until(lambda process=process, port=port: answers(process, port))  # type: ignore[misc]
        except BaseException as failure:
            ended = process.end() is not None
            process.close()
            if not (isinstance(failure, CouldNotMeasure) and ended and attempt < _PORTS_TRIED):
                raise
        else:
            return process, port
    raise AssertionError("unreachable: the last attempt returned or raised")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])
