"""``cachekit-memprobe``, and ``python -m cachekit_memprobe``."""

import sys

from cachekit_memprobe.errors import EXIT_INTERRUPTED


def main() -> None:
    """Run the command line; Ctrl-C is answered as later on, even while all that is being imported."""
    try:
        from cachekit_memprobe.cli import main as program
        from cachekit_memprobe.cli.boundary import run
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    run(program)


if __name__ == "__main__":
    main()
