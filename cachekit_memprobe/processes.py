"""Programs that this one starts: what they inherit, how they are run and ended, and what they said last."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe import offspring
from cachekit_memprobe.signals import undisturbed

_TO_START = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
TO_READ_TEXT = ("LANG", "LC_ALL", "LC_CTYPE")
TIME_ZONE = ("TZ",)
TEMPORARY = ("TMPDIR",)
OPENBLAS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Which code OpenBLAS runs; of an older one, on some processors, the wrong one crashes."""

_OWN_MODULES = "import sys; sys.path[:] = sys.argv[3:]\n"


def scrubbed(*names: str) -> dict[str, str]:
    """Of the environment what a program needs in order to start, and the variables that are named.

    Everything else stays out: ``CACHEKIT_MASTER_KEY``, ``MALLOC_*``, ``ARROW_*`` and the like would change
    what is measured, or leak into it.
    """
    return {name: os.environ[name] for name in (*_TO_START, *names) if name in os.environ}


_RUNNING: "set[subprocess.Popen[str]]" = set()
"""Programs that :func:`run` waits for, in whichever thread."""


@dataclass(frozen=True)
class Ended:
    """How a program ended; ``status`` is negative for the signal that killed it."""

    status: int
    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    timeout_s: float,
    stdout: int = subprocess.PIPE,
) -> Ended:
    """Run a program to its end in a session of its own; nothing of it is left, whatever happens meanwhile.

    Raises:
        OSError: it can't be started.
        subprocess.TimeoutExpired: it did not end in time; it is gone now.
    """
    with (
        undisturbed() as let_signals_through,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=env,
            cwd=cwd,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C in a terminal reaches this process only, which then ends the child in its own order.
            start_new_session=True,
        ) as process,
    ):
        mark = offspring.mark(process.pid)
        _RUNNING.add(process)
        try:
            let_signals_through()
            out, err = process.communicate(timeout=timeout_s)
        except BaseException:
            end(process)
            raise
        finally:
            _RUNNING.discard(process)
            offspring.end(mark)
    return Ended(process.returncode, out or "", err or "")


def end_all() -> None:
    """Kill the programs that threads wait for, so that these threads end, too."""
    for process in tuple(_RUNNING):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def start_python(
    code: str, channel_fd: int, argument: str, *, env: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start this interpreter, with the modules that this process finds, in a session of its own.

    Args:
        code: has the number of its channel in ``sys.argv[1]``, and the argument in ``sys.argv[2]``.

    Raises:
        OSError: it can't be started.
    """
    return subprocess.Popen(
        # Isolated, or what lies in the working directory could take the place of a module.
        [sys.executable, "-I", "-c", _OWN_MODULES + code, str(channel_fd), argument, *sys.path],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(channel_fd,),
        start_new_session=True,
    )


def end(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    """Kill a program and all that it started, and bury it; one that is buried already is left alone."""
    if process.returncode is None:  # otherwise its number may be another process's by now
        kill_group(process.pid)
        process.wait()


def kill_group(pid: int) -> None:
    """Kill a process that leads a group, and the group; only while it isn't buried."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def last_lines(text: str, count: int) -> list[str]:
    """The last lines that aren't empty, without blanks at their ends."""
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]
