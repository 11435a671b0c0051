"""From what a user names on the command line to scenarios: those that come with the package, and files."""

import os
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import MemprobeError, ScenarioError, UsageError
from cachekit_memprobe.guesses import did_you_mean, guess, near_paths
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.calls import refuse_foreign_code
from cachekit_memprobe.scenario.expansion import BUNDLED
from cachekit_memprobe.scenario.loader import load_scenario
from cachekit_memprobe.scenario.problems import listed

FOLDER = Path(__file__).resolve().parents[1] / "bundled_scenarios"
"""In a checkout a link to ``scenarios/``."""

_LONGEST_PATTERN = 200
_OF_A_PROJECT = ("pyproject.toml", "memprobe.toml")
"""Files that a folder may have and that are no scenarios; the second has the budgets of ``check``."""
_SUFFIX = ".toml"


def select(patterns: Sequence[str], *, allow_code: bool = False) -> tuple[Scenario, ...]:
    """The scenarios that the patterns name, each once, in the order in which they are named.

    Args:
        patterns: names of bundled scenarios, globs over them, paths of TOML files (they end in ``.toml`` or
            contain a path separator), or folders, of which all TOML files are meant. None at all stands for
            every bundled scenario that needs nothing of the machine.
        allow_code: also those whose file names code to run and isn't the user's own project's.

    Raises:
        UsageError: a pattern matches nothing, two files have the same stem, by which results are kept, or one
            names code that may not be run.
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
            if not allow_code:
                refuse_foreign_code(scenario)
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


def names_of(pattern: str) -> tuple[str, ...]:
    """What the scenarios of files are called, by which results are kept: of a file, of those in a folder.

    Anything else is a name or a pattern already.
    """
    if _is_path(pattern) or not _matching(pattern):
        if os.path.isdir(pattern):
            return tuple(path.stem for path in _files_in(Path(pattern)))
        if pattern.endswith(_SUFFIX):
            return (Path(pattern).stem,)
    return (pattern,)


def _matches(pattern: str) -> list[tuple[Path, Scenario]]:
    path, matching = Path(pattern), () if _is_path(pattern) else _matching(pattern)
    if matching:
        return [(_bundled()[name], load_bundled(name)) for name in matching]
    if os.path.isdir(pattern):
        return _all_in(path)
    if not _is_path(pattern):
        raise UsageError(_no_match(pattern))
    if not os.path.lexists(path) and (near := _near(path)):
        raise UsageError(f"there is no {printable(pattern)}; {did_you_mean(near)}")
    return [(path, load_scenario(path))]


def _matching(pattern: str) -> tuple[str, ...]:
    """The names of the bundled scenarios that a pattern stands for."""
    if len(pattern) > _LONGEST_PATTERN:
        return ()
    return tuple(name for name in _bundled() if fnmatchcase(name, pattern))


def _files_in(folder: Path) -> list[Path]:
    """The TOML files in a folder that may be scenarios, by their names."""
    return sorted(path for path in folder.glob(f"[!.]*{_SUFFIX}") if path.name not in _OF_A_PROJECT)


def _all_in(folder: Path) -> list[tuple[Path, Scenario]]:
    """All scenarios in a folder; what is wrong with several files is told at once.

    Raises:
        UsageError: there is none.
        ScenarioError: some are invalid.
    """
    files = _files_in(folder)
    if not files:
        raise UsageError(f"{printable(folder)} has no scenario file (*{_SUFFIX}) in it; name one that has")
    loaded, wrong = [], []
    for path in files:
        try:
            loaded.append((path, load_scenario(path)))
        except ScenarioError as error:
            wrong.append(str(error))
    if wrong:
        raise ScenarioError("\n".join(listed("\n".join(wrong).splitlines())))
    return loaded


def _near(path: Path) -> list[str]:
    """What a path of nothing may be meant for: other paths, and the bundled scenario of that name."""
    name = path.name.removesuffix(_SUFFIX)
    bundled = [name] if name in _bundled() else []
    return [*bundled, *map(printable, near_paths(path, (_SUFFIX,)))]


def _is_path(pattern: str) -> bool:
    separated = os.sep in pattern or (os.altsep is not None and os.altsep in pattern)
    return separated or pattern.endswith(_SUFFIX) or pattern in (os.curdir, os.pardir)


def _no_match(pattern: str) -> str:
    file = f"{pattern}{_SUFFIX}"
    here = [file] if os.path.isfile(file) else near_paths(Path(pattern), (_SUFFIX,))
    listing = did_you_mean(here) if here else "cachekit-memprobe list has their names"
    remedy = guess(pattern, bundled_names(), listing)
    return (
        f"no bundled scenario matches {pattern[:_LONGEST_PATTERN]!r}; {remedy} "
        f"(to name a file or a folder, write PATH{_SUFFIX} or ./PATH)"
    )


def _same_name(name: str, one: Path, other: Path) -> str:
    return (
        f"two scenarios are called {name}, {printable(one)} and {printable(other)}, "
        "and results are kept by name; rename one of the files, or run each by itself"
    )
