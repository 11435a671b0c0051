"""The loader's inverse: a scenario as the document that describes it, and as TOML to keep or start with."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.printable import pasted, printable
from cachekit_memprobe.errors import ScenarioError, UsageError
from cachekit_memprobe.model import Limit, Scenario
from cachekit_memprobe.scenario.given import ENV
from cachekit_memprobe.scenario.loader import parse_scenario
from cachekit_memprobe.scenario.rules import OWN_DATA
from cachekit_memprobe.scenario.schema import TABLES
from cachekit_memprobe.toml import toml
from cachekit_memprobe.units import format_exactly, format_limit

_HEAD = """\
# {summary}
# Written by cachekit-memprobe run --payload. Run it with: cachekit-memprobe run {name}
# The file's path is relative to the folder of this scenario.

"""

_NO_BUDGET = """
# What the read may use; without a limit it is measured and never fails. 1.35x is 1.35 times the data.
# [budget]
# rss.peak = "1.35x"
"""

_STARTER = """\
# A read from cachekit, and the memory that it may use. Run it with: cachekit-memprobe run {name}
# Its exit code is 0 within the budget, 1 over it, and 3 if something could not be measured.

# One line for reports: what is read, and how.
summary = "DataFrame of float64, uncompressed Arrow: L1 hit"

# The releases of cachekit that this applies to; without it, all of them.
# releases = ">=0.10.0"

[value]
# What is cached: a value that is made for the run, "dataframe", "ndarray", "bytes" or "text". Make it
# 64MiB or more, so that the resident set's own noise, about 1 MiB, doesn't matter.
kind = "dataframe"
size = "64MiB"
columns = 8
# Or your own data, a file in Parquet, CSV, Arrow or Feather, .npy or JSON beside this one:
# kind = "file"
# file = "prices.parquet"

[cache]
# The arguments of @cache. "arrow" is for DataFrames, "auto" for arrays, "orjson" and "default" for the rest.
serializer = "arrow"
compression = "none"
# Whether frames are also kept in L1, inside the process.
l1 = true

[read]
# The read that is measured. A hit in L1 is "l1" and "memory". A hit in the backend is "l2" and "get", with
# l1 = false above.
tier = "l1"
route = "memory"

[budget]
# In payloads: 1.35x is 1.35 times the value's size. The one payload that this read needs is the DataFrame
# that it returns; the rest is room for what differs between machines.
copies.total = "1.35x"
# The same, and what is copied into memory that the read didn't allocate, such as a buffer that is kept.
moved.total = "1.35x"
peak.heap = "1.35x"
rss.peak = "1.35x"
# Memory that looks like a file, but has no disk behind it.
rss.shared = "0.1x"
# No byte-for-byte copy of the stored frame: cachekit made one on each read up to 0.9.1.
verbatim.unwrap = "0.1x"
# Leaks: what each further read adds, and what stays after the value was dropped.
growth.per_read = "0.05x"
growth.total = "0.3x"
# Reference cycles: what stays until the garbage collector runs.
growth.uncollected = "0.1x"
held.after = "0.3x"
held.first = "0.3x"
# What threads, timers and tasks that the read started take when it has returned, and finalizers of the value.
aftermath.peak = "0.1x"
aftermath.drop = "0.1x"
# What is stored, in every tier that holds it.
frame.size = "1.1x"
"""

_MADE_ONLY = ("size", "seed", "columns")
"""Keys of a value that is made; a file has its own size."""

_RECORDS = {"value": "value", "cache": "caching", "read": "read"}
"""Where a table's keys are in a scenario."""


def starter_text(path: Path) -> str:
    """A scenario with a budget for a project to keep, explained.

    Raises:
        UsageError: a scenario can't have the path's name.
    """
    text = _STARTER.format(name=pasted(path.name))
    check_text(path, text)
    return text


def scenario_text(scenario: Scenario, path: Path) -> str:
    """The TOML of a scenario, for the file ``path``: the data's path is relative to that file's folder.

    Raises:
        UsageError: a scenario can't have the path's name, or the data's path can't be written in TOML.
    """
    document = document_of(scenario)
    if scenario.value.file:
        # Real paths: the way up from a folder that is a symbolic link is another one.
        relative = os.path.relpath(os.path.realpath(scenario.value.file), os.path.realpath(path.parent))
        document["value"]["file"] = Path(relative).as_posix()
    text = _HEAD.format(summary=scenario.summary, name=pasted(path)) + "\n".join(_lines(document))
    if "budget" not in document:
        text += _NO_BUDGET
    check_text(path, text)
    return text


def document_of(scenario: Scenario) -> dict[str, Any]:
    """The document that loads to the same scenario. Keys that have their default are left out.

    The path of a value's file stays absolute.
    """
    document: dict[str, Any] = {"summary": scenario.summary}
    if scenario.releases:
        document["releases"] = scenario.releases
    if scenario.needs:
        document["needs"] = list(scenario.needs)
    for name, table in TABLES.items():
        settings = {key: _setting(scenario, name, key) for key in table.model_fields}
        document[name] = {
            key: value
            for key, value in settings.items()
            if table.model_fields[key].is_required() or value != table.model_fields[key].default
        }
    if scenario.environment:
        document[ENV] = dict(scenario.environment)
    if scenario.budget:
        document["budget"] = _budget(scenario.budget)
    return document


def _setting(scenario: Scenario, table: str, key: str) -> Any:
    """The value of a key; its default where a scenario doesn't say it."""
    value, default = scenario.value, TABLES[table].model_fields[key].default
    if table == "value" and key in _MADE_ONLY and value.kind == OWN_DATA:
        return default
    if (table, key) == ("value", "size"):
        return format_exactly(value.logical_bytes)
    # Attributes whose empty value stands for a key that is left out.
    if (table, key) in (("value", "columns"), ("value", "file")):
        return getattr(value, key) or default
    return getattr(getattr(scenario, _RECORDS[table]), key)


def _budget(limits: Iterable[Limit]) -> dict[str, Any]:
    """By metric: its limit, or an array of those for different targets."""
    budget: dict[str, list[Any]] = {}
    for limit in limits:
        budget.setdefault(limit.metric, []).append(_limit(limit))
    return {metric: found if len(found) > 1 else found[0] for metric, found in budget.items()}


def _limit(limit: Limit) -> str | dict[str, str]:
    text = format_limit(limit.payloads, limit.size_bytes)
    level = {} if limit.level == "error" else {"level": limit.level}
    when = {"when": limit.when} if limit.when else {}
    return {"limit": text, **level, **when} if level or when else text


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    yield from (f"{key} = {toml(value)}" for key, value in document.items() if key not in tables)
    for name, table in tables.items():
        yield f"\n[{name}]"
        yield from (f"{key} = {toml(value)}" for key, value in table.items())
    yield ""


def check_text(path: Path, text: str) -> None:
    """Refuse to write what could not be run.

    Raises:
        UsageError: a scenario can't have the path's name, or the text is none.
    """
    if not os.path.isdir(path.absolute().parent):
        raise UsageError(f"{printable(path)}: there is no folder {printable(path.parent)}; make it first")
    if path.suffix != ".toml":
        raise UsageError(
            f"{printable(path)}: a scenario's file has to end in .toml; call it {pasted(f'{path.stem}.toml')}"
        )
    try:
        parse_scenario(text, path)
    except ScenarioError as error:
        raise UsageError(str(error)) from None
