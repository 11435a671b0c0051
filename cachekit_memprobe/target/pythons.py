"""Other interpreters that are there, from which environments can be made: by a number or a path."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.target import interpreter
from cachekit_memprobe.target.recipe import Base

_NUMBER = re.compile(r"3(\.\d{1,3}){1,2}", re.ASCII)


def base_of(wanted: str) -> Base:
    """The interpreter that ``3.12``, ``3.12.1`` or a path stands for.

    Looked for is this tool's own, then those of pyenv and uv, then those on the PATH.

    Raises:
        UsageError: there is none, or it is too old.
    """
    if os.sep in wanted:
        found = _described(interpreter.checked_path(Path(wanted)))
    elif _NUMBER.fullmatch(wanted):
        bases = (base for path in _candidates(wanted) if (base := _described(path)))
        found = next((base for base in bases if f"{base.version}.".startswith(f"{wanted}.")), None)
    else:
        raise UsageError(
            f"--axis python={printable(wanted)}: write the number of a Python like 3.12, or the path of an "
            "interpreter"
        )
    if found is None:
        raise UsageError(
            f"--axis python={printable(wanted)}: no such interpreter is found here; install it, with "
            f"`uv python install {wanted}`, say, or give its path"
            if os.sep not in wanted
            else f"--axis python={printable(wanted)} is not a Python interpreter that can be used"
        )
    if not interpreter.is_recent({"python": found.version}):
        raise UsageError(
            f"--axis python={printable(wanted)} is Python {found.version}; cachekit-memprobe needs "
            f"{interpreter.OLDEST_PYTHON} or newer to measure"
        )
    return found


def _candidates(number: str) -> Iterator[Path]:
    yield interpreter.base_python()
    root = Path(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"))
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or platformdirs.user_data_path("uv") / "python")
    for folder, prefix in ((root / "versions", ""), (managed, "cpython-")):
        yield from sorted(folder.glob(f"{prefix}{number}*/bin/python3"), key=_by_number, reverse=True)
    minor = ".".join(number.split(".")[:2])
    if on_path := shutil.which(f"python{minor}"):
        yield Path(on_path)


def _by_number(python: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", python.parts[-3])]


def _described(python: Path) -> Base | None:
    """``None`` of what doesn't answer, such as a shim of pyenv's that leads nowhere."""
    try:
        versions = interpreter.describe(python)
    except CouldNotMeasure:
        return None
    own = Base.own()
    if python == own.python:
        return own
    name = versions["implementation"]
    return Base(python, name.partition(" ")[0], versions["python"], name)
