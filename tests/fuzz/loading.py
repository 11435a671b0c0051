"""A process that loads one file after the other, as that does which finds out how large a file's data is.

``python -m tests.fuzz.loading`` reads ``[PATH, SHARE]`` from each line, and answers with a line: the reason
why it can't be loaded, or an empty one, the size, and what it holds.
"""

import json
import signal
import subprocess
import sys
import warnings
from pathlib import Path

from cachekit_memprobe.child.bounded import bound_growth
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.task import SIZE, Caching, Read, Task, Value
from cachekit_memprobe.child.workload import files
from cachekit_memprobe.child.workload.sizing import sized
from tests.fuzz.patience import no_hang

_MOST_BYTES = 1 << 30
_ROOT = Path(__file__).parents[2]


class Loader:
    """The process that loads files, and another one when a file has ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def answer(self, path: Path, share: float) -> tuple[str, int, str] | None:
        """``None`` where a library ended it."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.loading"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        process = self._process
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([str(path), share]) + "\n")
        process.stdin.flush()
        if line := process.stdout.readline():
            reason, size_bytes, holds = json.loads(line)
            return reason, size_bytes, holds
        said = self.close()
        assert process.returncode in (-signal.SIGABRT, -signal.SIGSEGV), said
        return None

    def close(self) -> str:
        """What it printed."""
        process, self._process = self._process, None
        return process.communicate()[1] if process else ""


def answer(path: str, share: float) -> tuple[str, int, str]:
    """What is said of one file."""
    value = Value("file", 1, 1, 0, path, share=share)
    task = Task(SIZE, value, Caching("auto", "none", "file", False, True), Read("l1", "memory"), "")
    files.load.cache_clear()
    try:
        with no_hang():
            found = sized(task)
    except CouldNotMeasure as reason:
        return str(reason), 0, ""
    return "", found.logical_bytes, found.holds


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    bound_growth(_MOST_BYTES)
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)
