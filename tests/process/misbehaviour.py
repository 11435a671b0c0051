"""What a measured process may do instead of its work, by the name of its scenario.

Copied into a copy of cachekit as ``cachekit._misbehaviour``, so it imports the standard library only.
"""

import os
import signal
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

READING = "reading"
STORING = "storing"
VERSION = 2
"""Of the messages on the channel."""

SAID_BEFORE = "about to misbehave"
"""On stderr, so that it has to be in the reason."""

_FOR_EVER_S = 3600


def act(moment: str) -> None:
    """Do what the scenario is called after: ``hung`` when it reads, ``hung-storing`` when it stores."""
    scenario = Path.cwd().parent.name  # each process of a scenario has a folder in the scenario's
    how, _, when = scenario.partition("-")
    if how in _ACTS and moment == (when or READING):
        print(SAID_BEFORE, file=sys.stderr, flush=True)
        _ACTS[how]()


def _kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang() -> None:
    time.sleep(_FOR_EVER_S)


def _end() -> None:
    os._exit(5)


def _end_but_leave_a_child() -> None:
    if os.fork() == 0:
        time.sleep(_FOR_EVER_S)
    os._exit(5)


def _raise() -> None:
    raise RuntimeError("raised on purpose")


def _print_garbage() -> None:
    """On stdout, which is nobody's channel."""
    print(f'{{"version": {VERSION}, "type": "failure", "reason": "printed on purpose"}}')
    print("\0" * 100_000, flush=True)


def _flood() -> None:
    while True:
        os.write(2, b"flood " * 10_000 + b"\n")


def _send(line: str) -> Callable[[], None]:
    """Something on the channel to the supervisor, whose number is the errand's."""

    def send() -> None:
        os.write(_channel_fd(), line.encode())
        time.sleep(_FOR_EVER_S)

    return send


def _channel_fd() -> int:
    frame: types.FrameType | None = sys._getframe()
    while frame is not None and "write_fd" not in frame.f_locals:
        frame = frame.f_back
    assert frame is not None
    return int(frame.f_locals["write_fd"])


_ACTS: dict[str, Callable[[], None]] = {
    "killed": _kill_itself,
    "crashed": _crash,
    "hung": _hang,
    "ended": _end,
    "forked": _end_but_leave_a_child,
    "raised": _raise,
    "chatty": _print_garbage,
    "flooding": _flood,
    "babbling": _send("\0 no message\n"),
    "foreign": _send(f'{{"version": {VERSION - 1}, "type": "result", "data": {{}}}}\n'),
    "inventive": _send(f'{{"version": {VERSION}, "type": "lunch"}}\n'),
    "empty": _send(f'{{"version": {VERSION}, "type": "result", "data": {{}}}}\n'),
}
