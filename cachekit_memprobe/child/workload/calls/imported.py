"""The user's function, imported as their own program would; or why that isn't possible, in a sentence."""

import importlib
import os
import re
import sys
from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.printable import printable, shortened
from cachekit_memprobe.child.task import Call, Task
from cachekit_memprobe.child.workload.calls.given import given

FORM = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
"""``module:function``."""

_LONGEST = 300
_MASTER_KEY = "CACHEKIT_MASTER_KEY"
_API_KEY = "CACHEKIT_API_KEY"
_FOR_WANT = (
    ". If it is for want of a setting: a measured process gets no variable of your environment but those "
    "that are given with --env or in [env], and no secret"
)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")
"""What looks like the name of an environment variable."""


def imported(task: Task) -> Any:
    """What the task's call names, in a process that stands where the user's code does.

    Raises:
        CouldNotMeasure: it can't be imported; the sentence names it, and what was searched.
    """
    call = call_of(task)
    if call.here:
        _work_in(call.root)
        return given().function
    _stand_in(call)
    _forget_settings()
    keys = _keys(task)
    try:
        if call.setup:
            _set_up(call.setup, keys)
        return _named(call.function, keys)
    except _NoSuchModule as missing:
        raise CouldNotMeasure(_not_found(missing, call)) from None


def call_of(task: Task) -> Call:
    """The task's call, which its kind of value says that it has."""
    if task.value.call is None:
        raise CouldNotMeasure("the scenario names no function")
    return task.value.call


def _stand_in(call: Call) -> None:
    """Import from the project, and leave no compiled file in it."""
    sys.dont_write_bytecode = True
    for folder in reversed(search_path(call)):
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    if call.root:
        _work_in(call.root)


def _work_in(root: str) -> None:
    try:
        os.chdir(root)
    except OSError as error:
        raise CouldNotMeasure(f"the project's folder can't be entered: {error.strerror}") from None


def search_path(call: Call) -> list[str]:
    """Where modules are looked for before the target's own environment; each folder once."""
    return list(dict.fromkeys(folder for folder in (call.root, *call.paths) if folder))


def _keys(task: Task) -> dict[str, str]:
    """Keys for a decorator that demands one of the environment, where no process is given any of the user's.

    This run's own take their place; where there is none yet, anything does that has a key's form.
    """
    return {
        _MASTER_KEY: task.link.master_key or "ab" * 32,
        _API_KEY: task.link.api_key or f"ck_live_{'0' * 32}",
    }


def _set_up(name: str, keys: dict[str, str]) -> None:
    function = _named(name, keys)
    try:
        function()
    except (Exception, SystemExit) as error:
        raise CouldNotMeasure(f"the setup {name} failed: {told(error)}{for_want_of(error)}") from error


def _named(name: str, keys: dict[str, str]) -> Any:
    module_name, _, path = name.partition(":")
    try:
        found = _module(module_name, keys)
    except ModuleNotFoundError as error:
        raise _NoSuchModule(module_name, error.name or "") from None
    except SyntaxError as error:
        raise CouldNotMeasure(
            f"{name} can't be imported: {printable(os.path.basename(error.filename or ''))}, line "
            f"{error.lineno}, is no valid Python: {error.msg}"
        ) from None
    except (Exception, SystemExit) as error:
        raise CouldNotMeasure(
            f"{name} can't be imported: {module_name} raised {told(error)}{_FOR_WANT}"
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise CouldNotMeasure(_no_such(name, found, part))
        found = getattr(found, part)
    return found


def _module(name: str, keys: dict[str, str]) -> Any:
    """Import a module; once more with each key that cachekit refuses to decorate without."""
    try:
        for _ in keys:
            try:
                return importlib.import_module(name)
            except Exception as error:
                missing = next((key for key in keys if key in str(error) and key not in os.environ), "")
                if not missing:
                    raise
                os.environ[missing] = keys[missing]
                _forget_settings()
        return importlib.import_module(name)
    finally:
        # It would choose the backend of functions that name none.
        os.environ.pop(_API_KEY, None)


def _forget_settings() -> None:
    """Cachekit reads its environment once: here before the user's code, which may set a variable, could."""
    from cachekit.config.singleton import reset_settings

    reset_settings()


class _NoSuchModule(Exception):
    """A module that was named, and the one that isn't there."""

    def __init__(self, named: str, missing: str) -> None:
        super().__init__(named)
        self.named = named
        self.missing = missing


def _not_found(failure: _NoSuchModule, call: Call) -> str:
    named, missing = failure.named, failure.missing
    if named == missing or named.startswith(f"{missing}."):
        searched = ", ".join(printable(os.path.relpath(folder, call.root)) for folder in search_path(call))
        whose = "" if named == missing else f", of which {named} is to be a part"
        return (
            f"there is no module {missing}{whose}; looked in these folders, seen from the project's: "
            f"{searched}, and in the target's environment. Run it in the folder that the module is imported "
            "from, or install the package in that environment"
        )
    return (
        f"{named} can't be imported: it needs {missing}, which the target's environment lacks; install it "
        "there, or add it with --with"
    )


def _no_such(name: str, found: Any, part: str) -> str:
    import difflib

    where = getattr(found, "__name__", type(found).__name__)
    near = difflib.get_close_matches(part, [word for word in dir(found) if not word.startswith("__")])
    hint = f"; did you mean {' or '.join(near[:3])}?" if near else ""
    return f"{name}: {where} has no {part}{hint}"


def for_want_of(error: BaseException) -> str:
    """What to do if an error may be for want of an environment variable; empty for others."""
    return _FOR_WANT if _VARIABLE.search(str(error)) else ""


def told(error: BaseException) -> str:
    """An exception in one line, as long as one can be read."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return shortened(words, _LONGEST)
