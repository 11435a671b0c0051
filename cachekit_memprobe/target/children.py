"""Run a program to its end, and leave nothing of it behind whatever happens meanwhile."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


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
    """Run a program in a session of its own, and kill all of it when it is not wanted any longer.

    Raises:
        OSError: it can't be started.
        subprocess.TimeoutExpired: it did not end in time; it is gone now.
    """
    with subprocess.Popen(
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
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except BaseException:
            _kill_session(process)
            raise
    return Ended(process.returncode, out or "", err or "")


def _kill_session(process: "subprocess.Popen[str]") -> None:
    if process.returncode is None:  # otherwise its number may be another process's by now
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
