"""What a measured process may do instead of its work, by the name of its scenario.

Copied into a copy of cachekit as ``cachekit._misbehaviour``, so it imports the standard library only.
"""

import ctypes
import mmap
import os
import signal
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

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


def _leave_a_daemon() -> None:
    """Which is in nobody's group or session, is no child of anyone's, and has no environment."""
    if (child := os.fork()) == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.execve(sys.executable, [sys.executable, "-c", f"import time; time.sleep({_FOR_EVER_S})"], {})
    os.waitpid(child, 0)


def _name_folders() -> None:
    """As an exception, a traceback, a client or a log would."""
    # Its own file last, since only the end of what is printed is quoted.
    for path in (sys.executable, f"{os.environ['HOME']}/some file.csv", os.getcwd(), __file__):
        print(f"{path} {path!r} [{path}] x={path}:{path} file://{quote(path)} unix:{path}", file=sys.stderr)
    sys.stderr.flush()
    raise FileNotFoundError(2, "named on purpose", f"{os.getcwd()}/some file.csv")


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
    "daemonic": _leave_a_daemon,
    "indiscreet": _name_folders,
    "raised": _raise,
    "chatty": _print_garbage,
    "flooding": _flood,
    "babbling": _send("\0 no message\n"),
    "foreign": _send(f'{{"version": {VERSION - 1}, "type": "result", "data": {{}}}}\n'),
    "inventive": _send(f'{{"version": {VERSION}, "type": "lunch"}}\n'),
    "empty": _send(f'{{"version": {VERSION}, "type": "result", "data": {{}}}}\n'),
}


def map_a_library() -> None:
    """One of this process alone: the kernel takes no pages that other processes have mapped as well."""
    library = Path.cwd() / "own.so"
    library.write_bytes(os.urandom(_LIBRARY_BYTES))
    with library.open("r+b") as file:
        os.fsync(file.fileno())  # what isn't on the disk yet can't be taken at once
        _held.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    bytes(_held[0][:])


_LIBRARY_BYTES = 4 << 20
_held: list[mmap.mmap] = []


def lose_pages(how_often: str) -> None:
    """Have the kernel take this process's library pages: each one's that reads, or the ``first`` one's.

    By process_madvise(2) with MADV_PAGEOUT, which is what a proactive reclaimer does to others.
    """
    flag = Path.cwd().parent / "pages-lost"
    if how_often == "first" and flag.exists():
        return
    flag.touch()
    libc = ctypes.CDLL(None, use_errno=True)
    spans = [_Span(start, end - start) for start, end in _library_maps()]
    own = os.pidfd_open(os.getpid())
    paged_out = libc.syscall(_PROCESS_MADVISE, own, (_Span * len(spans))(*spans), len(spans), _PAGEOUT, 0)
    os.close(own)
    assert paged_out > 0, os.strerror(ctypes.get_errno())


class _Span(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


_PROCESS_MADVISE = 440
_PAGEOUT = 21


def _library_maps() -> list[tuple[int, int]]:
    maps = []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        span, _, _, _, _, *path = line.split(maxsplit=5)
        if path and ".so" in path[0]:
            start, end = span.split("-")
            maps.append((int(start, 16), int(end, 16)))
    return maps[:1024]
