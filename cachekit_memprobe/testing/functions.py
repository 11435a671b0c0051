"""How a fresh process can come by a test's function: by its module and name, if these lead to it."""

import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.task import Call

_NOT_BESIDE = ("cachekit", "cachekit_memprobe")
"""Packages that a folder must not have: a release that is measured would be passed by."""


_NO_WORD = re.compile(r"[^\w:]")


class NotNamed(Exception):
    """No other process can come by the function as the test has it; the message says why, as a clause."""


def named_call(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
    """The call of a function that any process can import.

    Raises:
        NotNamed: it is none, or the arguments can't be handed over.
    """
    module, name = _named(function)
    if not (_is_plain(list(args)) and _is_plain(dict(kwargs))):
        raise NotNamed("its arguments can't be written as JSON")
    root, here = _root(module), Path.cwd()
    # Its code may look for files where the session was started; not if that has another module of the name.
    beside = root if root != here and _has(here, module.partition(".")[0]) else here
    return Call(
        function=f"{module}:{name}",
        args=tuple(args),
        kwargs=dict(kwargs),
        root=str(beside),
        paths=tuple(dict.fromkeys((str(root), *_paths()))),
    )


def call_here(function: Callable[..., Any]) -> Call:
    """The call of a function that only this process has; its arguments are only there, too."""
    module = str(getattr(function, "__module__", None) or "test")
    name = _NO_WORD.sub("_", f"{module.rpartition('.')[2]}:{name_of(function)}")
    return Call(function=name, root=os.getcwd(), here=True)


def name_of(function: Callable[..., Any]) -> str:
    """What to call a function, whether that leads to it or not: ``load_orders``."""
    named = str(getattr(function, "__qualname__", "") or type(function).__qualname__).rpartition(".")[2]
    return named if named.isidentifier() else "function"


def _named(function: Callable[..., Any]) -> tuple[str, str]:
    """Its module and its name there, which lead to this very object."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if inspect.ismethod(function) and not inspect.isclass(function.__self__):
        raise NotNamed("it is the method of an object")
    if not (isinstance(module, str) and isinstance(name, str)) or module == "__main__":
        raise NotNamed("it is in no module that can be imported")
    if "<lambda>" in name:
        raise NotNamed("it is a lambda")
    if "<locals>" in name:
        raise NotNamed("it is defined inside of a function")
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not function and found != function:
        raise NotNamed(f"{module}:{name} is another object")
    return module, name


def _root(module: str) -> Path:
    """The folder that the module's file is imported from by its name."""
    file = getattr(sys.modules[module], "__file__", None)
    if not file:
        raise NotNamed(f"its module {module} has no file")
    path = Path(os.path.abspath(file)).with_suffix("")
    path = path.parent if path.name == "__init__" else path
    parts = module.split(".")
    if list(path.parts[-len(parts) :]) != parts:
        raise NotNamed(f"its module {module} can't be found by that name")
    return path.parents[len(parts) - 1]


def _has(folder: Path, module: str) -> bool:
    return (folder / module).is_dir() or (folder / f"{module}.py").is_file()


def _paths() -> tuple[str, ...]:
    """The folders of the project that this process imports from: not those of its environment."""
    environment = {os.path.realpath(folder) for folder in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    folders = (os.path.abspath(entry) for entry in sys.path)
    return tuple(folder for folder in folders if os.path.isdir(folder) and _is_ours(folder, environment))


def _is_ours(folder: str, environment: set[str]) -> bool:
    if {"site-packages", "dist-packages"} & set(Path(folder).parts):
        return False
    if any(os.path.isdir(os.path.join(folder, package)) for package in _NOT_BESIDE):
        return False
    real = os.path.realpath(folder)
    return not any(real == place or real.startswith(place + os.sep + "lib") for place in environment)


def _is_plain(value: Any) -> bool:
    """Whether JSON holds the value as it is; a tuple would come back as a list."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(type(key) is str and _is_plain(part) for key, part in value.items())
    if type(value) not in (str, int, float, bool, type(None)):
        return False
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeEncodeError):
        return False
    return True
