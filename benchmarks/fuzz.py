"""Try thousands of hostile files on the tool: ``python benchmarks/fuzz.py [PYTEST-OPTION...]``.

The fuzzers are tests, in ``tests/fuzz``; the suite runs a few examples of each.
"""

import os
import subprocess
import sys
from pathlib import Path

_THOROUGH = "CACHEKIT_MEMPROBE_FUZZ"
"""What ``tests/fuzz/effort.py`` goes by."""

_ROOT = Path(__file__).resolve().parent.parent


def main(options: list[str]) -> int:
    """Run them all, thoroughly; the exit code is pytest's."""
    command = (sys.executable, "-m", "pytest", "tests/fuzz", "--timeout=7200", *options)
    return subprocess.run(command, cwd=_ROOT, env={**os.environ, _THOROUGH: "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
