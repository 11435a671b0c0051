"""From a TOML file to a :class:`~cachekit_memprobe.model.Scenario`."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachekit_memprobe import units
from cachekit_memprobe.child.task import Caching, Read, Value
from cachekit_memprobe.errors import ScenarioError
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.checks import check
from cachekit_memprobe.scenario.problems import printable, toml
from cachekit_memprobe.scenario.rules import DATAFRAMES, located
from cachekit_memprobe.scenario.schema import DEFAULT_COLUMNS, ScenarioFile, ValueTable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_FILE_BYTES = 1024 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def load_scenario(path: Path) -> Scenario:
    """Read and check one scenario file; its stem is the scenario's name.

    Raises:
        ScenarioError: the file can't be read, is not TOML, or is not a scenario. The message has one
            line for each thing that is wrong, each naming the file.
    """
    source = printable(str(path))
    return parse_scenario(_text(_read(path, source), source), path)


def parse_scenario(text: str, path: Path) -> Scenario:
    """The same of a text that stands, or is going to stand, in the file ``path``."""
    source = printable(str(path))
    return scenario_of(path.stem, source, _document(text, source), path.parent, _name_problems(path.stem))


def scenario_of(
    name: str, source: str, document: dict[str, Any], folder: Path = Path(), wrong: Sequence[str] = ()
) -> Scenario:
    """A scenario from the document that describes it.

    Args:
        folder: what a path in the document is relative to.
        wrong: what is known to be wrong with it already.

    Raises:
        ScenarioError: with one line for each thing that is wrong.
    """
    checked = check(document, folder)
    lines = [*wrong, *map(str, checked.problems)]
    if checked.tables is None or lines:
        raise ScenarioError("\n".join(f"{source}: {line}" for line in lines))
    scenario = _scenario(name, source, checked.tables, checked.limits, folder)
    return replace(scenario, environment=checked.environment)


def _document(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{source}: expected TOML, found: {error}; correct it there") from None
    # Python's own limits: the digits of an integer, and the depth of the parser.
    except (ValueError, RecursionError):
        raise ScenarioError(
            f"{source}: expected TOML, found an integer of thousands of digits, "
            "or arrays or tables nested too deeply; a scenario needs none of these"
        ) from None


def _text(content: bytes, source: str) -> str:
    try:
        # Without the byte order mark that some editors write.
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError(
            f"{source}: expected UTF-8, found the byte 0x{content[error.start]:02x} in line {line}; "
            "save the file as UTF-8"
        ) from None


def _read(path: Path, source: str) -> bytes:
    if os.path.isdir(path):  # not Path, which raises where a folder can't be entered
        raise ScenarioError(f"{source}: expected a TOML file, found a directory; name a file that is in it")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise ScenarioError(
            f"{source}: expected a file that can be read, found: {error.strerror}; "
            "check the path and its permissions (a bundled scenario is named without .toml)"
        ) from None
    if len(content) > LARGEST_FILE_BYTES:
        raise ScenarioError(
            f"{source}: expected at most {units.format_bytes(LARGEST_FILE_BYTES)}, found more; "
            "is this a scenario file?"
        )
    return content


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
