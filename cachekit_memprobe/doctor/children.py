"""Questions that only a process of the target's interpreter can answer."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe import processes
from cachekit_memprobe.scratch import scratch_folder

_TIMEOUT_S = 60.0


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
    env = processes.scrubbed(*processes.TO_READ_TEXT, *processes.TEMPORARY)
    with scratch_folder() as home:
        try:
            ended = processes.run(
                [str(python), "-I", *arguments],
                env={**env, **variables, "HOME": str(home)},
                cwd=home,
                timeout_s=_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired:
            return Answer(False, f"no answer within {_TIMEOUT_S:.0f} s")
        except OSError as error:
            return Answer(False, error.strerror or str(error))
    if ended.status == 0:
        return Answer(True, _last_line(ended.stdout))
    return Answer(False, _last_line(ended.stderr) or f"it ended with status {ended.status}")


def _last_line(text: str) -> str:
    lines = processes.last_lines(text, 1)
    return lines[0].strip()[:300] if lines else ""
