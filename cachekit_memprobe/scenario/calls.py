"""Scenarios that call the user's own cached function: from a file, or from the command line.

What such a scenario says is what to call. How its value is cached is in the code, and is found out there.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from cachekit_memprobe.child.printable import printable, shortened
from cachekit_memprobe.child.task import CALL, MOST_READERS, Caching, Call, Read, Value
from cachekit_memprobe.child.workload.calls.imported import FORM
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.schema import ScenarioHead, Table

_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
"""What the root of a project has."""

_EXAMPLE = "shop.orders:load_orders"
_MOST_BYTES = 4096
_LONGEST_SUMMARY = 120
_UNKNOWN = Caching(serializer="", compression="none", backend="", encryption=False, l1=True)


def check_function(name: str) -> str:
    """A function's name as ``module:function``.

    Raises:
        ValueError: it is none; the message has the remedy.
    """
    if FORM.fullmatch(name):
        return name
    if "<" in name:
        raise ValueError(
            f"{name!r} is a lambda or lies inside of another function, and can't be imported by name; give "
            "it a name in its module"
        )
    if ":" not in name and "." in name:
        module, _, function = name.rpartition(".")
        raise ValueError(f"{name!r} is not MODULE:FUNCTION; write {module}:{function}")
    raise ValueError(f"{name!r} is not MODULE:FUNCTION; write it like {_EXAMPLE}")


def parse_argument(text: str) -> Any:
    """An argument from the command line: JSON where it is JSON, and the text itself where it isn't."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return text


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _arguments(value: Any) -> Any:
    """Callback: what JSON has, as the arguments cross to another process as such."""
    try:
        length = len(json.dumps(value, allow_nan=False))
    except TypeError as error:  # a date, which TOML has
        raise ValueError(str(error)) from None
    if length > _MOST_BYTES:
        raise ValueError(f"{length} bytes are more than {_MOST_BYTES}")
    return value


_VALUES = "that JSON has: text, numbers, true, false, arrays and tables"


class CallTable(Table):
    """``[value]`` of a function that is called."""

    kind: Literal["call"] = Field("call", examples=["call"])
    call: Annotated[str, AfterValidator(check_function)] = Field(
        description=f'a function as "module:function", such as "{_EXAMPLE}"', examples=[_EXAMPLE]
    )
    args: Annotated[list[Any], AfterValidator(_arguments)] = Field(
        [], description=f"an array of values {_VALUES}", examples=[["2026-11-24"]]
    )
    kwargs: Annotated[dict[str, Any], AfterValidator(_arguments)] = Field(
        {}, description=f"a table of values {_VALUES}", examples=[{"region": "eu"}]
    )
    setup: Annotated[str, AfterValidator(check_function)] | None = Field(
        None, description='a function as "module:function"', examples=["shop.testing:prepare"]
    )
    backend_override: Literal["file", "redis"] | None = Field(None, examples=["file"])


class CallReadTable(Table):
    """``[read]`` of a function that is called: the rest is in its code."""

    tier: Literal["l1", "l2"] | None = Field(None, examples=["l1"])
    readers: int = Field(
        1, ge=1, le=MOST_READERS, description=f"an integer from 1 to {MOST_READERS}", examples=[1]
    )


class CallFile(ScenarioHead):
    """A whole file."""

    summary: str = Field("", description="one line of text", examples=["The orders of a day"])
    value: CallTable
    read: CallReadTable = Field(default_factory=lambda: CallReadTable.model_validate({}))


CALL_TABLES: dict[str, type[Table]] = {"value": CallTable, "read": CallReadTable}


def is_call(document: Mapping[str, Any]) -> bool:
    """Whether a scenario's document names a function."""
    value = document.get("value")
    return isinstance(value, dict) and ("call" in value or value.get("kind") == CALL)


def call_scenario(
    call: Call, *, name: str = "", tier: str = "", readers: int = 1, budget: tuple[Limit, ...] = ()
) -> Scenario:
    """The scenario that measures the reads of a function.

    Args:
        call: without a root, it is imported from the working directory and the project around it.
        name: by default the function's own.
        tier: by default the one that its later calls are read from.

    Raises:
        UsageError: the function can't be named so, or the arguments are none that JSON has.
    """
    try:
        for function in filter(None, (call.function, call.setup)):
            check_function(function)
    except ValueError as error:
        raise UsageError(str(error)) from None
    try:
        _arguments([*call.args, dict(call.kwargs)])
    except (TypeError, ValueError):
        raise UsageError(
            f"{call.function}: expected arguments {_VALUES}, {_MOST_BYTES} bytes of them at most; have a "
            "function of the project make the others, and name that"
        ) from None
    placed = call if call.root else _placed(call, Path.cwd(), Path.cwd())
    return Scenario(
        name=name or _name(call.function),
        summary=summary_of(call, tier),
        source="",
        value=Value(CALL, 0, 0, 0, call=placed),
        caching=_UNKNOWN,
        read=Read(tier, "", readers=readers),
        releases="",
        needs=(),
        budget=budget,
    )


def scenario_of_call(
    name: str, source: str, tables: CallFile, limits: tuple[Limit, ...], folder: Path
) -> Scenario:
    """The scenario of a file in ``folder`` that was found to be valid."""
    value = tables.value
    call = Call(
        function=value.call,
        args=tuple(value.args),
        kwargs=value.kwargs,
        setup=value.setup or "",
        backend=value.backend_override or "",
    )
    placed = _placed(call, project_root(folder), folder.resolve())
    made = call_scenario(
        placed, name=name, tier=tables.read.tier or "", readers=tables.read.readers, budget=limits
    )
    return replace(
        made,
        summary=tables.summary or made.summary,
        source=source,
        releases=tables.releases,
        needs=tuple(tables.needs),
    )


def refuse_foreign_code(scenario: Scenario) -> None:
    """Refuse to run code that somebody else's scenario file names.

    Raises:
        UsageError: the file lies outside of the project that the user is in.
    """
    call = scenario.value.call
    if call is None:
        return
    here, there = os.path.realpath(project_root(Path.cwd())), os.path.realpath(call.root)
    if os.path.commonpath([here, there]) != here:
        raise UsageError(
            f"{printable(scenario.source)} names code to run, {call.function}, and lies outside of the "
            "project that you are in; look at it with show, and give --allow-code if you trust it"
        )


def project_root(folder: Path) -> Path:
    """The nearest folder above that looks like a project's root; without any, the folder itself."""
    start = folder.resolve()
    marked = (at for at in (start, *start.parents) if any((at / mark).exists() for mark in _MARKS))
    return next(marked, start)


def summary_of(call: Call, tier: str) -> str:
    """``shop.orders:load_orders("2026-11-24", region="eu"), L1 hit``."""
    words = [json.dumps(argument) for argument in call.args]
    words += [f"{name}={json.dumps(value)}" for name, value in call.kwargs.items()]
    where = {"l1": ", L1 hit", "l2": ", from the backend"}.get(tier, "")
    return shortened(f"{call.function}({', '.join(words)})", _LONGEST_SUMMARY) + where


def _placed(call: Call, root: Path, folder: Path) -> Call:
    """With the folders to import from: as for a program that is started there, and a project's sources."""
    return replace(call, root=str(root), paths=tuple(dict.fromkeys(map(str, _paths(root, folder)))))


def _paths(root: Path, folder: Path) -> Iterator[Path]:
    yield from (folder, project_root(root))
    for parent in (root, project_root(root)):
        if (parent / "src").is_dir():
            yield parent / "src"


def _name(function: str) -> str:
    last = function.rpartition(":")[2].rpartition(".")[2]
    return re.sub(r"[^a-z0-9._-]+", "-", last.lower()).strip("._-") or "call"
