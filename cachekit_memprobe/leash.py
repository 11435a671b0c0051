"""Become another program that dies together with the process that asked for it.

Run by path: ``python leash.py PARENT_PID PROGRAM [ARGUMENT...]``, standard library only. A process that
is killed outright can't end its children; Linux can. It is arranged here and not between fork and exec,
where Python code isn't safe in a program with threads. Elsewhere than on Linux there is no leash.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent_pid: int, command: list[str]) -> None:
    """Tie this process to its parent, then be ``command``."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # it died before the leash was on
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
