"""A project's configuration, read and checked: its scenarios, and the limits that it sets for them."""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cachekit_memprobe.checking.calls import scenario_of_call
from cachekit_memprobe.checking.configuration import Configuration, ConfigurationError, relative
from cachekit_memprobe.checking.faults import Fault, refuse
from cachekit_memprobe.checking.limits import BUDGET, ProjectLimit, read_limits
from cachekit_memprobe.checking.lines import Path as KeyPath
from cachekit_memprobe.checking.patterns import is_exact, matches
from cachekit_memprobe.checking.schema import CALLS, ConfigurationTable, read_table
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario import load_scenario, select
from cachekit_memprobe.scenario.problems import closest, did_you_mean

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SCENARIOS = "scenarios"
_INSTALLED = "installed"
_FEW = 4


@dataclass(frozen=True)
class Project:
    """What a project checks, and against which limits.

    Attributes:
        scenarios: with the limits of their own files only, in the order of the configuration.
        limits: in the order of the file.
        cachekit, extras: what ``--cachekit`` and ``--with`` take, where they aren't given.
    """

    configuration: Configuration
    scenarios: tuple[Scenario, ...]
    limits: tuple[ProjectLimit, ...]
    cachekit: str
    extras: tuple[str, ...]

    def chosen(self, patterns: tuple[str, ...]) -> tuple[Scenario, ...]:
        """The scenarios that are named, in the project's order; without patterns all.

        Raises:
            UsageError: a pattern names none.
        """
        names = [scenario.name for scenario in self.scenarios]
        for pattern in patterns:
            if not any(matches(pattern, name) for name in names):
                found = closest(pattern, names)
                remedy = did_you_mean(found) if found else f"it checks {', '.join(names)}"
                raise UsageError(
                    f"{printable(self.configuration.file)} has no scenario {pattern!r}; {remedy}"
                )
        return tuple(
            scenario
            for scenario in self.scenarios
            if not patterns or any(matches(pattern, scenario.name) for pattern in patterns)
        )


def project_of(configuration: Configuration) -> Project:
    """Read and check a configuration.

    Raises:
        ConfigurationError: something in it is invalid.
        UsageError: a scenario file or a function that it names is.
    """
    table, faults = read_table(configuration.table)
    budget = configuration.table.get(BUDGET, {})
    limits, wrong = read_limits(budget) if isinstance(budget, dict) else ((), ())
    refuse(configuration, (*faults, *_wrong_names(configuration.table.get(CALLS)), *wrong))
    assert table is not None
    refuse(configuration, _wrong_target(table))
    scenarios = _scenarios(configuration, table)
    refuse(configuration, _unmatched(limits, [scenario.name for scenario in scenarios]))
    cachekit = _located(table.cachekit, configuration.folder)
    return Project(configuration, scenarios, limits, cachekit, tuple(table.with_))


def _located(cachekit: str, folder: Path) -> str:
    """A source tree's path is relative to the configuration's folder."""
    if os.sep not in cachekit or cachekit.startswith("git+"):
        return cachekit
    path = os.path.relpath(folder / cachekit)
    return path if os.sep in path else os.path.join(os.curdir, path)


def _scenarios(configuration: Configuration, table: ConfigurationTable) -> tuple[Scenario, ...]:
    """Those of the package and of files, then the functions; each name once."""
    found: dict[str, tuple[KeyPath, Scenario]] = {}
    for path, scenario in _named(configuration, table):
        earlier, other = found.setdefault(scenario.name, (path, scenario))
        if other is not scenario and (other.value.call or scenario.value.call or other != scenario):
            raise ConfigurationError(
                f"{configuration.where(path)}: a scenario is called {scenario.name} already, by "
                f"{configuration.where(earlier)}, and results are kept by name; rename one of them"
            )
    if not found:
        example = f'{_SCENARIOS} = ["arrow-l1-hit"]'
        raise ConfigurationError(f"{configuration.where(())}: it names nothing to check; write {example}")
    return tuple(scenario for _, scenario in found.values())


def _named(configuration: Configuration, table: ConfigurationTable) -> Iterator[tuple[KeyPath, Scenario]]:
    for number, word in enumerate(table.scenarios):
        path: KeyPath = (_SCENARIOS, number)
        with _placed(configuration, path):
            of_word = _of_word(configuration, word)
        yield from ((path, scenario) for scenario in of_word)
    for name, call in table.calls.items():
        path = (CALLS, name)
        with _placed(configuration, path):
            scenario = scenario_of_call(name, call, configuration.file, configuration.folder)
        yield path, scenario


@contextmanager
def _placed(configuration: Configuration, path: KeyPath) -> Iterator[None]:
    """What is wrong with what a key names is said with the key."""
    try:
        yield
    except UsageError as error:
        raise ConfigurationError(f"{configuration.where(path)}: {error}") from None


def _of_word(configuration: Configuration, word: str) -> Sequence[Scenario]:
    """The scenarios that a word of the configuration names: of the package, or of a file of the project."""
    if not (word.endswith(".toml") or "/" in word):
        return select((word,))
    folder = configuration.folder
    names = [word] if is_exact(word) else sorted(glob.glob(word, root_dir=folder, recursive=True))
    if not names:
        raise UsageError(
            f"no file matches {word!r}, from the folder of the configuration on; correct the pattern"
        )
    return [_of_file(folder / name, configuration.root) for name in names]


def _of_file(path: Path, root: Path) -> Scenario:
    scenario = load_scenario(Path(os.path.relpath(path)))
    real = os.path.realpath(path)
    if scenario.value.call and os.path.commonpath([real, os.path.realpath(root)]) != os.path.realpath(root):
        raise UsageError(
            f"{printable(scenario.source)} names code to run, {scenario.value.call.function}, and lies "
            "outside of the project; copy it to the project if you trust it"
        )
    return replace(scenario, source=relative(path, root))


def _wrong_names(calls: object) -> Iterator[Fault]:
    """Names of calls that are none of scenarios."""
    for name in calls if isinstance(calls, Mapping) else ():
        if not _NAME.fullmatch(name):
            expected = 'a name of lower-case letters, digits, ".", "_" and "-"'
            yield Fault((CALLS, name), expected, name, "rename it")


def _wrong_target(table: ConfigurationTable) -> Iterator[Fault]:
    if table.with_ and table.cachekit == _INSTALLED:
        remedy = 'write cachekit = "latest" or a release beside it'
        expected = "nothing, as only the environment of a release can be added to"
        yield Fault(("with",), expected, table.with_, remedy)


def _unmatched(limits: Iterable[ProjectLimit], names: Sequence[str]) -> Iterator[Fault]:
    """Patterns for no scenario of the project."""
    for pattern in dict.fromkeys(limit.pattern for limit in limits):
        if any(matches(pattern, name) for name in names):
            continue
        found = closest(pattern, names)
        if found:
            remedy = did_you_mean(found)
        else:
            remedy = f"add such a scenario to {_SCENARIOS}, or remove these limits"
        yield Fault((BUDGET, pattern), f"a name or a pattern of {_listed(names)}", pattern, remedy)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_FEW])
    return shown if len(names) <= _FEW else f"{shown} and {len(names) - _FEW} more"
