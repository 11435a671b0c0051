"""What keeps this tool from working at all, and isn't its fault: a broken package, no memory, no threads.

Standard library only: it is needed just when something else can't be imported.
"""

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

_PRINTING = ("rich.", "click.")
_IMPORTING = "<frozen importlib"
_TOOL = "cachekit-memprobe"
_OWN = Path(__file__).resolve().parent
_NO_MEMORY = ("Cannot allocate memory", "failed to map segment", "MemoryError")
_NO_THREADS = ("can't start new thread", "can't start new process")
_LIMITS = {
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
    errno.EAGAIN: "no process can be started: raise their limit (ulimit -u)",
    errno.ENOMEM: "there is not enough memory: raise its limit (ulimit -v), or free some",
}


def obstacle(error: BaseException) -> str | None:
    """What is in the way, with the remedy; ``None`` if the error looks like a fault of this tool's own."""
    text = str(error)
    if isinstance(error, MemoryError) or any(sign in text for sign in _NO_MEMORY):
        return _LIMITS[errno.ENOMEM]
    if any(sign in text for sign in _NO_THREADS):
        return "no thread can be started: raise the limit of processes and threads (ulimit -u)"
    if isinstance(error, OSError) and error.errno in _LIMITS:
        return _LIMITS[error.errno]
    if "Too many open files" in text:
        return _LIMITS[errno.EMFILE]
    package = _broken_package(error)
    if package is None:
        return None
    said = "".join(text.strip().splitlines()[:1])
    reason = f"{package} is missing or broken ({type(error).__name__}: {said})"
    if package in sys.stdlib_module_names:
        return f"Python's own module {reason}; use another Python"
    return f"the package {reason}; install it again: pip install --force-reinstall {package}"


def failed_to_print(error: OSError) -> bool:
    """Whether it was the output that could not be written, and no file of the tool's."""
    modules = [str(frame.f_globals.get("__name__", "")) for frame in _frames(error.__traceback__)]
    return bool(modules) and modules[-1].startswith(_PRINTING)


def folder_is_gone() -> bool:
    """Whether the working directory was deleted, so that relative paths lead nowhere."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def _broken_package(error: BaseException) -> str | None:
    """The package that failed while it was imported, by the name under which it is imported."""
    if isinstance(error, ImportError) and error.name:
        return _top(error.name)
    if isinstance(error, SyntaxError) and error.filename:
        return _of_file(Path(error.filename))
    modules = [name for frame in _frames(error.__traceback__) if (name := _imported(frame))]
    return _top(modules[-1]) if modules else None


def _frames(trace: TracebackType | None) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _imported(frame: FrameType) -> str | None:
    """The module that is imported in a frame: by its own code, or by Python, before there is code to run."""
    if frame.f_code.co_name == "<module>":
        name = str(frame.f_globals.get("__name__", ""))
        return None if name in ("", "__main__") else name
    if frame.f_code.co_filename.startswith(_IMPORTING) and frame.f_code.co_name == "_find_and_load":
        return str(frame.f_locals.get("name", "")) or None
    return None


def _of_file(file: Path) -> str | None:
    """``rich`` of ``.../site-packages/rich/console.py``."""
    if _OWN in file.parents:
        return _TOOL
    # The innermost of its folders that modules are looked for in.
    for folder in file.parents:
        if str(folder) in sys.path:
            return file.relative_to(folder).parts[0].removesuffix(".py")
    return None


def _top(module: str) -> str:
    name = module.partition(".")[0]
    return _TOOL if name == _OWN.name else name
