"""From what a user names on the command line to scenarios: those that come with the package, and files."""

import os
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.expansion import BUNDLED
from cachekit_memprobe.scenario.loader import load_scenario
from cachekit_memprobe.scenario.problems import closest, did_you_mean

FOLDER = Path(__file__).resolve().parents[1] / "bundled_scenarios"
"""In a checkout a link to ``scenarios/``."""

_LONGEST_PATTERN = 200


def select(patterns: Sequence[str]) -> tuple[Scenario, ...]:
    """The scenarios that the patterns name, each once, in the order in which they are named.

    Args:
        patterns: names of bundled scenarios, globs over them, or paths of TOML files (they end in
            ``.toml`` or contain a path separator). None at all stands for every bundled scenario that
            needs nothing of the machine.

    Raises:
        UsageError: a pattern matches nothing, or two files have the same stem, by which results are kept.
        ScenarioError: a file is invalid.
    """
    if not patterns:
        return tuple(scenario for scenario in map(load_bundled, bundled_names()) if not scenario.needs)
    chosen: dict[str, tuple[Path, Scenario]] = {}
    for pattern in patterns:
        for path, scenario in _matches(pattern):
            earlier, _ = chosen.setdefault(scenario.name, (path, scenario))
            if os.path.realpath(earlier) != os.path.realpath(path):
                raise UsageError(_same_name(scenario.name, earlier, path))
    return tuple(scenario for _, scenario in chosen.values())


def bundled_names() -> tuple[str, ...]:
    """The names of the bundled scenarios, sorted.

    Raises:
        MemprobeError: the installation has none.
    """
    return tuple(_bundled())


def load_bundled(name: str) -> Scenario:
    """A bundled scenario by its exact name; its source is ``bundled:NAME``.

    Raises:
        UsageError: there is no such scenario; the message names those that look like it.
    """
    files = _bundled()
    if name not in files:
        raise UsageError(_no_match(name))
    return replace(load_scenario(files[name]), source=f"{BUNDLED}{name}")


def _bundled() -> dict[str, Path]:
    files = {path.stem: path for path in FOLDER.glob("*.toml")}
    if not files:
        raise MemprobeError("this installation has no bundled scenarios; install cachekit-memprobe again")
    return dict(sorted(files.items()))


def _matches(pattern: str) -> list[tuple[Path, Scenario]]:
    if _is_path(pattern):
        return [(Path(pattern), load_scenario(Path(pattern)))]
    short = len(pattern) <= _LONGEST_PATTERN
    matches = {name: path for name, path in _bundled().items() if short and fnmatchcase(name, pattern)}
    if not matches:
        raise UsageError(_no_match(pattern))
    return [(path, load_bundled(name)) for name, path in matches.items()]


def _is_path(pattern: str) -> bool:
    return pattern.endswith(".toml") or os.sep in pattern or (os.altsep is not None and os.altsep in pattern)


def _no_match(pattern: str) -> str:
    names = bundled_names()
    matches = closest(pattern, names)
    remedy = did_you_mean(matches) if matches else f"the bundled ones are {', '.join(names)}"
    return (
        f"no bundled scenario matches {pattern[:_LONGEST_PATTERN]!r}; {remedy} "
        "(to name a file, write PATH.toml or ./PATH)"
    )


def _same_name(name: str, one: Path, other: Path) -> str:
    return (
        f"two scenarios are called {name}, {printable(one)} and {printable(other)}, "
        "and results are kept by name; rename one of the files, or run each by itself"
    )
