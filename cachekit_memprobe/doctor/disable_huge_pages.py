"""Prove that a process can switch transparent huge pages off for itself.

Run by path in the target's interpreter, standard library only. Fails with one line.
"""

import ctypes
import os
import sys

PR_SET_THP_DISABLE = 41
PR_GET_THP_DISABLE = 42


def main() -> None:
    """Switch them off and ask whether they are."""
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (AttributeError, OSError):
        sys.exit("there is no prctl here")
    zeros = (ctypes.c_ulong(0),) * 3
    if prctl(PR_SET_THP_DISABLE, ctypes.c_ulong(1), *zeros) != 0:
        sys.exit(f"PR_SET_THP_DISABLE: {os.strerror(ctypes.get_errno())}")
    if prctl(PR_GET_THP_DISABLE, ctypes.c_ulong(0), *zeros) != 1:
        sys.exit("PR_SET_THP_DISABLE had no effect")


if __name__ == "__main__":
    main()
