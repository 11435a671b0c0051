"""Scenarios written down as TOML: one that ran from the command line, and one to start a project with."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cachekit_memprobe.errors import ScenarioError, UsageError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario.document import document_of
from cachekit_memprobe.scenario.loader import parse_scenario

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
# The run ends with 0 within the budget, 1 over it, and 3 when something could not be measured.

# One line for reports: what is read, and how.
summary = "DataFrame of float64, uncompressed Arrow: L1 hit"

# The releases of cachekit that this is for; leave it out for all.
# releases = ">=0.10.0"

[value]
# What is cached. A value is made: "dataframe", "ndarray", "bytes", "text". 64MiB or more, so that the
# resident set's own noise, about 1 MiB, doesn't matter.
kind = "dataframe"
size = "64MiB"
columns = 8
# Or it is your own data, in Parquet, CSV, Arrow or Feather, .npy or JSON, beside this file:
# kind = "file"
# file = "prices.parquet"

[cache]
# The arguments of @cache. "arrow" is for DataFrames, "auto" for arrays, "orjson" and "default" for the rest.
serializer = "arrow"
compression = "none"
# Keep values in the process, too.
l1 = true

[read]
# The read that is measured. A hit in L1: "l1", "memory". A hit in the backend: "l2", "get" with l1 = false.
tier = "l1"
route = "memory"

[budget]
# In payloads: 1.35x is 1.35 times the value's size. The one payload that this read needs is the DataFrame
# that it returns; the rest is room for what differs between machines.
copies.total = "1.35x"
peak.heap = "1.35x"
rss.peak = "1.35x"
# No byte-for-byte copy of the stored frame: cachekit made one on each read up to 0.9.1.
verbatim.unwrap = "0.1x"
# What each further read adds and keeps, and what outlives the value: leaks.
growth.per_read = "0.3x"
held.after = "0.3x"
"""


def starter_text(path: Path) -> str:
    """A scenario with a budget for a project to keep, explained.

    Raises:
        UsageError: a scenario can't have the path's name.
    """
    text = _STARTER.format(name=path.name)
    _check(path, text)
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
    text = _HEAD.format(summary=scenario.summary, name=path) + "\n".join(_lines(document))
    if "budget" not in document:
        text += _NO_BUDGET
    _check(path, text)
    return text


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    yield from (f"{key} = {_toml(value)}" for key, value in document.items() if key not in tables)
    for name, table in tables.items():
        yield f"\n[{name}]"
        yield from (f"{key} = {_toml(value)}" for key, value in table.items())
    yield ""


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(part)}' for key, part in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's spelling of strings, numbers and truth is TOML's too, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _check(path: Path, text: str) -> None:
    """Refuse to write what could not be run."""
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; make it first")
    if path.suffix != ".toml":
        raise UsageError(f"{path}: a scenario's file has to end in .toml; call it {path.stem}.toml")
    try:
        parse_scenario(text, path)
    except ScenarioError as error:
        raise UsageError(str(error)) from None
