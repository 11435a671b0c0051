"""Functions that the user assigns to a stage, for a cachekit whose names the map doesn't know."""

import difflib
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from cachekit_memprobe.child.stages import OTHER, SITES, STAGES, Function, Site

_PACKAGE = "cachekit"
_SHOWN = 20
EXAMPLE = "unwrap=serializers.wrapper:take_apart"


def parse_assignment(text: str) -> Function:
    """Read ``unwrap=serializers.wrapper:take_apart``; the package's own name may stand before the module.

    Raises:
        ValueError: it isn't that, or there is no such stage; the message has the remedy.
    """
    stage, _, name = (part.strip() for part in text.partition("="))
    module, _, function = name.partition(":")
    module = module.removeprefix(f"{_PACKAGE}.")
    if not (module and function and module.replace(".", "_").isidentifier()):
        raise ValueError(f"{text!r} is not STAGE=MODULE:FUNCTION; write it like {EXAMPLE}")
    assignable = [name for name in STAGES if name != OTHER]
    if stage not in assignable:
        raise ValueError(f"{stage!r} is not a stage; the stages are {', '.join(assignable)}")
    return Function(stage, f"{module}:{function}")


def sites_in(functions: Iterable[Function]) -> Iterator[Site]:
    """The sites of assigned functions: the calls that are sites elsewhere in the same module."""
    for function in functions:
        module = function.name.partition(":")[0]
        for site in SITES:
            if site.function.partition(":")[0] == module:
                yield replace(site, function=function.name)


def problem_with(name: str, error: Exception) -> str:
    """Why a function can't be found, as a sentence with what may be meant."""
    module_name, _, function = name.partition(":")
    full_name = f"{_PACKAGE}.{module_name}"
    module = sys.modules.get(full_name)
    if module is None:
        return f"the module {full_name} can't be imported ({error}){_meant(full_name, _modules())}"
    return f"{full_name} has no Python function {function}{_meant(function, _functions_of(module))}"


def _meant(name: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    if close := difflib.get_close_matches(name, names, n=3, cutoff=0.6):
        return f"; did you mean {' or '.join(close)}?"
    return f"; there are {', '.join(names)}" if 0 < len(names) <= _SHOWN else ""


def _modules() -> Iterator[str]:
    """The names of cachekit's modules, as far as it has source."""
    for folder in getattr(sys.modules.get(_PACKAGE), "__path__", ()):
        for file in Path(folder).rglob("*.py"):
            parts = file.relative_to(folder).with_suffix("").parts
            yield ".".join((_PACKAGE, *(part for part in parts if part != "__init__")))


def _functions_of(module: object) -> Iterator[str]:
    """The names of a module's own functions, and of its classes' methods."""
    for name, member in vars(module).items():
        if getattr(member, "__module__", "") != getattr(module, "__name__", None):
            continue
        if inspect.isfunction(member):
            yield name
        elif inspect.isclass(member):
            yield from (
                f"{name}.{inner}" for inner, method in vars(member).items() if _is_method(inner, method)
            )


def _is_method(name: str, member: object) -> bool:
    return inspect.isfunction(getattr(member, "__func__", member)) and not name.startswith("__")
