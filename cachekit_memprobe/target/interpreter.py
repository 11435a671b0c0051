"""Questions to a Python interpreter, each asked in a process of its own that inherits next to nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from cachekit_memprobe import child, processes
from cachekit_memprobe.child.printable import pasted, printable
from cachekit_memprobe.child.releases import version_key
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.obstacles import obstacle
from cachekit_memprobe.scratch import scratch_folder
from cachekit_memprobe.target.excerpt import tail

OLDEST_PYTHON = "3.10"

_DESCRIBE = Path(__file__).with_name("describe.py")
_CHILD = Path(child.__file__).with_name("__main__.py")
_TIMEOUT_S = 60.0
"""Plenty for a first import, which compiles every module, on a slow disk."""


class Unanswered(CouldNotMeasure):
    """The program did not answer as a Python interpreter does; the message says what it did."""


def own_python() -> Path:
    """The interpreter that runs this tool, unresolved: behind a venv's symlink the venv would be lost."""
    if not sys.executable:
        raise CouldNotMeasure("cachekit-memprobe's own interpreter is unknown; name one with --python")
    return Path(sys.executable)


def base_python() -> Path:
    """The interpreter that this tool's virtual environment was made from, or its own."""
    base: str | None = getattr(sys, "_base_executable", None)
    return Path(base) if base else own_python()


def checked_path(python: Path) -> Path:
    """The path made absolute, its symlinks left alone.

    Raises:
        UsageError: there is no file that can be executed.
    """
    path = python.absolute()
    # os.path and not Path, which raises on a folder that can't be entered.
    if os.path.isdir(path):
        inside = python / "bin" / "python"
        hint = f"; did you mean {pasted(inside)}?" if os.path.exists(inside) else ", not an interpreter"
        raise UsageError(f"--python {printable(python)} is a directory{hint}")
    if not os.path.exists(path):
        reason = "is a symlink to nothing" if os.path.islink(path) else "does not exist, or can't be reached"
        raise UsageError(
            f"--python {printable(python)} {reason}; give the path of an interpreter that has cachekit"
        )
    if not os.access(path, os.X_OK):
        raise UsageError(
            f"--python {printable(python)} can't be executed; give the path of a Python interpreter"
        )
    return path


def is_recent(versions: Mapping[str, str]) -> bool:
    """Whether a described interpreter is one that the measuring child can run on."""
    return version_key(versions["python"]) >= version_key(OLDEST_PYTHON)


def describe(
    python: Path, releases: Path | None = None, own: Literal["", "new", "ready"] = ""
) -> dict[str, str]:
    """The versions that identify an interpreter and its packages; an absent package is left out.

    Args:
        releases: the folder of the environments of releases, to tell whether a checkout differs from one.
        own: the interpreter is that of such an environment, ``new`` or ``ready``; what became of its files
            is told as ``lacks`` and ``modified``.

    Raises:
        Unanswered: it is no Python 3, or it doesn't start.
        CouldNotMeasure: it didn't answer in time.
    """
    with scratch_folder() as scratch:
        answer = scratch / "versions.json"
        compared = (str(releases) if releases else "", own)
        ended = _ask(python, (str(_DESCRIBE), str(answer), *compared), scratch)
        try:
            versions = json.loads(answer.read_bytes())
        except (OSError, ValueError):
            raise Unanswered(_how_it_ended(ended, lines=1).strip()) from None
    return {str(name): str(version) for name, version in versions.items()}


def import_failure(python: Path, *modules: str) -> str | None:
    """What the interpreter said when it failed to import the modules, or ``None`` when it did import them.

    Raises:
        CouldNotMeasure: it didn't end in time.
    """
    with scratch_folder() as scratch:
        ended = _ask(python, ("-c", f"import {', '.join(modules)}"), scratch)
    return None if ended.status == 0 else _how_it_ended(ended)


def unresolved(python: Path, names: Sequence[str]) -> dict[str, str]:
    """Which functions of the interpreter's cachekit are not there, named as in the stage map, and why.

    Raises:
        CouldNotMeasure: it can't tell.
    """
    with scratch_folder() as scratch:
        answer = scratch / "names.json"
        ended = _ask(python, (str(_CHILD), "names", str(answer), *names), scratch)
        try:
            problems = json.loads(answer.read_bytes())
        except (OSError, ValueError):
            raise CouldNotMeasure(
                f"the functions of --stage can't be looked up:\n{_how_it_ended(ended)}"
            ) from None
    return {str(name): str(problem) for name, problem in problems.items()}


def _ask(python: Path, arguments: tuple[str, ...], home: Path) -> processes.Ended:
    """Run the interpreter isolated from the environment, the user's site and the current directory."""
    env = processes.scrubbed(*processes.TO_READ_TEXT, *processes.TEMPORARY)
    command = [str(python), "-I", *arguments]
    try:
        # Its output is thrown away: a program that is no Python may write without end.
        return processes.run(
            command, env=env | {"HOME": str(home)}, cwd=home, timeout_s=_TIMEOUT_S, stdout=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise CouldNotMeasure(f"{printable(python)} did not answer within {_TIMEOUT_S:.0f} s") from None
    except OSError as error:
        if reason := obstacle(error):
            raise CouldNotMeasure(f"{python} can't be started: {reason}") from None
        raise Unanswered(error.strerror or str(error)) from None


def _how_it_ended(ended: processes.Ended, lines: int = 6) -> str:
    if said := tail(ended.stderr, lines):
        return said
    if ended.status < 0:
        return f"  it was killed by signal {-ended.status}"
    return f"  it ended with status {ended.status} and said nothing"
