"""How a session measures: by its flags, its ini options, and the project's ``pyproject.toml``."""

import math
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import INSTRUMENTS, QUICK
from cachekit_memprobe.scenario.problems import closest, did_you_mean, toml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ALL = "all"
_TABLE = "tool.cachekit-memprobe.pytest"
_FLAGS = ("instruments", "cachekit", "with", "html", "keep")
_IN_A_WORKER = "PYTEST_XDIST_WORKER"
_MOST = 10_000


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        packages: that are installed beside a release.
        html: where pages are kept; ``None`` for nowhere.
        keep: keep run folders, below the user's state folder.
        jobs: how many processes measure at the same time.
    """

    instruments: tuple[str, ...] = tuple(name for name in INSTRUMENTS if name in QUICK)
    cachekit: str = "installed"
    packages: tuple[str, ...] = ()
    html: Path | None = None
    keep: bool = False
    reads: int = 5
    timeout: float = 300.0
    jobs: int = 2


def settings_of(config: pytest.Config) -> Settings:
    """What holds for all tests of a session.

    Raises:
        UsageError: a flag, an ini option or a key can't be used; the message names it, and the remedy.
    """
    jobs = {"jobs": 1} if _IN_A_WORKER in os.environ else {}
    given = {**jobs, **_of_the_project(config), **_of_ini(config), **_of_flags(config)}
    html = given.get("html")
    if html is not None:
        given["html"] = config.rootpath / os.path.expanduser(html)
    packages = given.pop("with", ())
    return Settings(**given, packages=packages)


def check_flags(config: pytest.Config) -> None:
    """Refuse flags that can't be used.

    Raises:
        pytest.UsageError: the message names the flag, and the remedy.
    """
    try:
        _of_flags(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def parse_instruments(value: object) -> tuple[str, ...]:
    """Read ``"rss,memray"``, ``["rss", "memray"]`` or ``"all"``, in the order in which they are used.

    Raises:
        ValueError: one of them is no instrument; the message has the remedy.
    """
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names) or not names:
        raise ValueError(f"{toml(value)} are no instruments; write rss,memray or {ALL}")
    chosen = [name.strip() for name in names]
    if chosen == [ALL]:
        return INSTRUMENTS
    for name in chosen:
        if name not in INSTRUMENTS:
            near = closest(name, INSTRUMENTS)
            remedy = did_you_mean(near) if near else f"the instruments are {', '.join(INSTRUMENTS)}"
            raise ValueError(f"{name[:60]!r} is not an instrument; {remedy}")
    return tuple(name for name in INSTRUMENTS if name in chosen)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(f"{toml(value)} is not a text; write one in quotes")
    return value.strip()


def _texts(value: object) -> tuple[str, ...]:
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, list):
        raise ValueError(f"{toml(value)} are no packages; write them with commas between")
    return tuple(map(_text, texts))


def _truth(value: object) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    if not isinstance(value, bool):
        raise ValueError(f"{toml(value)} is neither true nor false; write true or leave it out")
    return value


def _count(value: object) -> int:
    number = _number(value)
    if number != int(number) or not 1 <= number <= _MOST:
        raise ValueError(f"{toml(value)} is not a count; write a number from 1 to {_MOST}")
    return int(number)


def _seconds(value: object) -> float:
    number = _number(value)
    if not 0 < number <= _MOST:
        raise ValueError(f"{toml(value)} is not a time; write seconds, such as 300")
    return number


def _number(value: object) -> float:
    try:
        number = (
            float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
        )
    except (ValueError, OverflowError):
        number = None
    if number is None or not math.isfinite(number):
        raise ValueError(f"{toml(value)} is not a number; write one, such as 5")
    return number


_PARSERS: Mapping[str, Callable[[object], Any]] = {
    "instruments": parse_instruments,
    "cachekit": _text,
    "with": _texts,
    "html": _text,
    "keep": _truth,
    "reads": _count,
    "timeout": _seconds,
    "jobs": _count,
}


def _parsed(name: str, value: object, place: str) -> Any:
    try:
        return _PARSERS[name](value)
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from None


def _of_flags(config: pytest.Config) -> dict[str, Any]:
    given = {name: config.getoption(f"memprobe_{name}") for name in _FLAGS}
    if config.getoption("memprobe_all"):
        if given["instruments"] is not None:
            raise UsageError("give either --memprobe-all or --memprobe-instruments")
        given["instruments"] = ALL
    return {
        name: _parsed(name, value, f"--memprobe-{name}") for name, value in given.items() if value is not None
    }


def _of_ini(config: pytest.Config) -> dict[str, Any]:
    given = {name: config.getini(f"memprobe_{name}") for name in _PARSERS}
    # Up to pytest 7, an option that is nowhere is an empty one.
    return {name: _parsed(name, value, f"memprobe_{name}") for name, value in given.items() if value}


def _of_the_project(config: pytest.Config) -> dict[str, Any]:
    """What ``pyproject.toml`` in pytest's root folder says; the tables beside are others' business."""
    try:
        document = tomllib.loads((config.rootpath / "pyproject.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"pyproject.toml can't be read: {printable(error)}; correct it there") from None
    return settings_in(document)


def settings_in(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a ``pyproject.toml`` sets, by the names of :class:`Settings`.

    Raises:
        UsageError: a key can't be used; the message names it, and the remedy.
    """
    table: object = document
    for part in _TABLE.split("."):
        table = table.get(part, {}) if isinstance(table, Mapping) else {}
    if not isinstance(table, dict):
        raise UsageError(f"pyproject.toml: [{_TABLE}] is not a table; write it as one")
    return {name: _of_key(name, value) for name, value in table.items()}


def _of_key(name: str, value: object) -> Any:
    place = f"pyproject.toml: [{_TABLE}] {printable(name)}"
    if name not in _PARSERS:
        near = closest(name, _PARSERS)
        remedy = did_you_mean(near) if near else f"the keys are {', '.join(_PARSERS)}"
        raise UsageError(f"{place} is not a setting; {remedy}")
    return _parsed(name, value, place)
