"""From a TOML file to a :class:`~cachekit_memprobe.model.Scenario`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachekit_memprobe import units
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.child.task import Caching, Read, Value
from cachekit_memprobe.errors import ScenarioError
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.calls import CallFile, scenario_of_call
from cachekit_memprobe.scenario.checks import check
from cachekit_memprobe.scenario.document import parsed, read_text
from cachekit_memprobe.scenario.problems import listed, toml
from cachekit_memprobe.scenario.rules import DATAFRAMES, located
from cachekit_memprobe.scenario.schema import DEFAULT_COLUMNS, ScenarioFile, ValueTable

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def load_scenario(path: Path) -> Scenario:
    """Read and check one scenario file; its stem is the scenario's name.

    Raises:
        ScenarioError: the file can't be read, is not TOML, or is not a scenario. The message has one
            line for each thing that is wrong, of the first twenty, each naming the file.
    """
    return parse_scenario(read_text(path, printable(path)), path)


def parse_scenario(text: str, path: Path) -> Scenario:
    """The same of a text that stands, or is going to stand, in the file ``path``."""
    source = printable(path)
    return scenario_of(path.stem, source, parsed(text, source), path.parent, _name_problems(path.stem))


def scenario_of(
    name: str, source: str, document: dict[str, Any], folder: Path = Path(), wrong: Sequence[str] = ()
) -> Scenario:
    """A scenario from the document that describes it.

    Args:
        folder: what a path in the document is relative to.
        wrong: what is known to be wrong with it already.

    Raises:
        ScenarioError: with one line for each thing that is wrong, of the first twenty.
    """
    checked = check(document, folder)
    lines = listed([*wrong, *checked.problems])
    if checked.tables is None or lines:
        raise ScenarioError("\n".join(f"{source}: {line}" for line in lines))
    if isinstance(checked.tables, CallFile):
        scenario = scenario_of_call(name, source, checked.tables, checked.limits, folder)
    else:
        scenario = _scenario(name, source, checked.tables, checked.limits, folder)
    return replace(scenario, environment=checked.environment)


def _name_problems(name: str) -> tuple[str, ...]:
    """A name is also that of a folder in the run folder."""
    if _NAME.fullmatch(name):
        return ()
    better = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("._-") or "scenario"
    return (
        'file name: expected lower-case letters, digits, ".", "_" and "-", the first a letter or a digit, '
        f"found {toml(name)}; rename the file, for example to {better}.toml",
    )


def _scenario(
    name: str, source: str, tables: ScenarioFile, limits: tuple[Limit, ...], folder: Path
) -> Scenario:
    return Scenario(
        name=name,
        summary=tables.summary,
        source=source,
        value=_value(tables.value, folder),
        caching=Caching(**tables.cache.model_dump()),
        read=Read(**tables.read.model_dump()),
        releases=tables.releases,
        needs=tuple(tables.needs),
        budget=limits,
    )


def _value(table: ValueTable, folder: Path) -> Value:
    if table.file is not None:
        file = located(table.file, folder)
        return Value(table.kind, file.stat().st_size, table.seed, 0, str(file))
    columns = 0 if table.kind not in DATAFRAMES else table.columns or DEFAULT_COLUMNS
    return Value(table.kind, units.parse_bytes(table.size), table.seed, columns)
