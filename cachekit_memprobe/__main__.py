"""``cachekit-memprobe``, and ``python -m cachekit_memprobe``."""

import os
import sys
from contextlib import suppress

EXIT_UNMEASURED = 3
EXIT_INTERRUPTED = 130
"""As in ``errors.py``, which may be what can't be imported."""


def main() -> None:
    """Run the command line; in a bisection, end with a code that means the same to ``git bisect run``."""
    try:
        _run()
    except SystemExit as ended:
        from cachekit_memprobe import bisecting

        if isinstance(ended.code, int) and bisecting.is_asked(sys.argv[1:]):
            sys.exit(bisecting.exit_code(ended.code))
        raise


def _run() -> None:
    """Run the command line; Ctrl-C is answered as later on, even while all that is being imported."""
    try:
        _open_standard_streams()
        # numpy's OpenBLAS starts threads when it is imported, and where it can't it sends a SIGINT.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from cachekit_memprobe.cli import main as program
        from cachekit_memprobe.cli.boundary import run
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        # Python's own status, 1, says here that a budget was exceeded.
        with suppress(OSError, ValueError):
            sys.stderr.write(f"error: cachekit-memprobe can't start: {_reason(error)}\n")
        sys.exit(EXIT_UNMEASURED)
    run(program)


def _reason(error: Exception) -> str:
    said = f"{type(error).__name__}: {error}"
    try:
        from cachekit_memprobe.obstacles import obstacle

        return obstacle(error) or said
    except Exception:
        return f"{said}; install cachekit-memprobe again"


def _open_standard_streams() -> None:
    """Put nothing in place of what the shell has closed, as in ``list >&-``.

    Otherwise the next file or pipe that is opened gets the number, and what is printed ends up in it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


if __name__ == "__main__":
    main()
