"""How long each scenario took in a run, as the table of scenario/costs.py has it.

Of a run with ``--jobs 1``, so that none waits for another.
"""

import sys
from pathlib import Path

from cachekit_memprobe.runstore import RunFolder, costs_s


def main(folder: str) -> None:
    """Print a line for each scenario of a run folder."""
    for name, took_s in sorted(costs_s(RunFolder.open(Path(folder)).path).items()):
        print(f'    "{name}": {took_s:.1f},')


if __name__ == "__main__":
    main(*sys.argv[1:])
