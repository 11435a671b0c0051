"""A project's configuration: the file that has it, found from the current folder upward, and its table."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cachekit_memprobe.checking.lines import Path as KeyPath
from cachekit_memprobe.checking.lines import Text
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.scenario.document import parsed, read_text
from cachekit_memprobe.scenario.problems import dotted

PYPROJECT = "pyproject.toml"
OWN_FILE = "memprobe.toml"
TABLE = ("tool", "cachekit-memprobe")
EXAMPLE = """\
    [tool.cachekit-memprobe]
    scenarios = ["arrow-l1-hit"]

    [tool.cachekit-memprobe.budget."*"]
    rss.peak = "1.35x\""""

_LARGEST_BYTES = 512 * 1024
_OF_A_SCENARIO = frozenset(("summary", "value", "cache", "read"))


class ConfigurationError(UsageError):
    """A project's configuration is invalid; the message names the file, the line and the key."""


@dataclass(frozen=True)
class Configuration:
    """A project's configuration as it was written; nothing of it is checked yet.

    Attributes:
        path: of the file.
        root: the folder that paths in reports are relative to: the repository, or else the file's own.
        text: the whole file's.
        above: the keys that lead to the table; none where it is the whole file.
    """

    path: Path
    root: Path
    text: str
    above: tuple[str, ...]
    table: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """What paths in it are relative to."""
        return self.path.parent

    @property
    def file(self) -> str:
        """The file's path, relative to the root."""
        return relative(self.path, self.root)

    @cached_property
    def lines(self) -> Text:
        """Where its values stand."""
        return Text(self.text)

    def line(self, path: KeyPath) -> int:
        """The line of a key of the table."""
        return self.lines.line((*self.above, *path))

    def where(self, path: KeyPath) -> str:
        """``pyproject.toml:14: tool.cachekit-memprobe.scenarios``, for messages."""
        key = self.key(path)
        return f"{printable(self.file)}:{self.line(path)}" + (f": {key}" if key else "")

    def key(self, path: KeyPath) -> str:
        """A key of the table as TOML spells it, with its tables; an element of an array has its number."""
        words = ""
        for part in (*self.above, *path):
            words += f"[{part}]" if isinstance(part, int) else f".{dotted((part,))}"
        return words.removeprefix(".")


def relative(path: Path, root: Path) -> str:
    """A path as reports say it, with ``/`` between its parts."""
    return Path(os.path.relpath(path, root)).as_posix()


def find(start: Path) -> Configuration:
    """The configuration of the nearest folder that has one, up to the repository's root.

    Raises:
        ConfigurationError: there is none, a file can't be read, or a folder has two.
    """
    for folder in _upward(start):
        if folder != start:
            _refuse_foreign(folder, start)
        there = [one for one in (_of_pyproject(folder), _of_own_file(folder)) if one is not None]
        found = [one for one in there if one.table] or there[:1]
        if len(found) > 1:
            first, second = (printable(one.file) for one in found)
            raise ConfigurationError(
                f"both {first} and {second} configure cachekit-memprobe; move all of it to one of them"
            )
        if found:
            return found[0]
    raise ConfigurationError(
        f"there is no configuration: neither [{dotted(TABLE)}] in a {PYPROJECT} nor a {OWN_FILE}, here or "
        f"in a folder above; write one, such as\n\n{EXAMPLE}\n\nor name the file with --config"
    )


def read(path: Path) -> Configuration:
    """The configuration in a file that is named.

    Raises:
        ConfigurationError: it can't be read, or has none.
    """
    found = _read(path.absolute(), path)
    if found is None:
        raise ConfigurationError(
            f"{printable(path)} has no table [{dotted(TABLE)}]; write one, such as\n\n{EXAMPLE}"
        )
    return found


def _refuse_foreign(folder: Path, start: Path) -> None:
    """A configuration names code to run, so that one in a folder above has to be of the same owner."""
    trusted = {start.stat().st_uid, os.getuid()}
    for path in (folder / PYPROJECT, folder / OWN_FILE):
        if os.path.exists(path) and path.stat().st_uid not in trusted:
            raise ConfigurationError(
                f"{printable(os.path.relpath(path))} belongs to another user, and may name code to run; name "
                "it with --config if you trust it"
            )


def _of_pyproject(folder: Path) -> Configuration | None:
    path = folder / PYPROJECT
    return _read(path) if os.path.lexists(path) else None


def _of_own_file(folder: Path) -> Configuration | None:
    path = folder / OWN_FILE
    return _read(path) if os.path.lexists(path) else None


def _read(path: Path, named: Path | None = None) -> Configuration | None:
    """The file's configuration; ``None`` of a pyproject.toml, or a file like it, that has no such table."""
    source = printable(named or os.path.relpath(path))
    text = read_text(path, source, most_bytes=_LARGEST_BYTES)
    document = parsed(text, source, most_bytes=_LARGEST_BYTES)
    root = _root(path.parent)
    tool = document.get(TABLE[0])
    table = tool.get(TABLE[1]) if isinstance(tool, dict) else None
    if table is not None:
        if not isinstance(table, dict):
            raise ConfigurationError(f"{source}: expected a table [{dotted(TABLE)}]; write one")
        return Configuration(path, root, text, TABLE, table)
    if path.name == PYPROJECT or "tool" in document or "project" in document:
        return None
    if document.keys() & _OF_A_SCENARIO:
        raise ConfigurationError(_is_a_scenario(path, source))
    return Configuration(path, root, text, (), document)


def _is_a_scenario(path: Path, source: str) -> str:
    other = "memprobe-scenario.toml" if path.name == OWN_FILE else path.name
    rename = f"rename it to {other}, and " if other != path.name else ""
    return (
        f"{source} is a scenario, where the configuration of cachekit-memprobe check is expected; {rename}"
        f'name it there: scenarios = ["{other}"]'
    )


def _upward(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield folder
        if os.path.exists(folder / ".git"):
            return


def _root(folder: Path) -> Path:
    """The repository's, or the folder itself where there is none."""
    return next((one for one in (folder, *folder.parents) if os.path.exists(one / ".git")), folder)
