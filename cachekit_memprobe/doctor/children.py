"""Questions that only a process of the target's interpreter can answer."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 60.0
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class Answer:
    """The last line of what a child printed, or the reason why it failed."""

    ok: bool
    text: str


def ask_code(python: Path, code: str, variables: Mapping[str, str] | None = None) -> Answer:
    """Run a line of code in the interpreter; ``variables`` are added to its scrubbed environment."""
    return _ask(python, ("-c", code), variables or {})


def ask_script(python: Path, name: str) -> Answer:
    """Run one of this folder's scripts in the interpreter."""
    return _ask(python, (str(Path(__file__).with_name(name)),), {})


def _ask(python: Path, arguments: tuple[str, ...], variables: Mapping[str, str]) -> Answer:
    env = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="cachekit-memprobe-") as home:
        try:
            ended = subprocess.run(
                [str(python), "-I", *arguments],
                env={**env, **variables, "HOME": home},
                cwd=home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(False, f"no answer within {_TIMEOUT_S:.0f} s")
        except OSError as error:
            return Answer(False, error.strerror or str(error))
    if ended.returncode == 0:
        return Answer(True, _last_line(ended.stdout))
    return Answer(False, _last_line(ended.stderr) or f"it ended with status {ended.returncode}")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
