"""From what a user names on the command line to scenarios."""

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.bundled import bundled_names, bundled_path, load_bundled, no_such_scenario
from cachekit_memprobe.scenario.loader import load_scenario
from cachekit_memprobe.scenario.problems import printable


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


def _matches(pattern: str) -> list[tuple[Path, Scenario]]:
    if _is_path(pattern):
        return [(Path(pattern), load_scenario(Path(pattern)))]
    names = [name for name in bundled_names() if fnmatchcase(name, pattern)]
    if not names:
        raise UsageError(no_such_scenario(pattern))
    return [(bundled_path(name), load_bundled(name)) for name in names]


def _is_path(pattern: str) -> bool:
    return pattern.endswith(".toml") or os.sep in pattern or (os.altsep is not None and os.altsep in pattern)


def _same_name(name: str, one: Path, other: Path) -> str:
    return (
        f"two scenarios are called {name}, {printable(str(one))} and {printable(str(other))}, "
        "and results are kept by name; rename one of the files, or run them apart"
    )
