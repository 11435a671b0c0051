"""The nearest release from which a source tree differs in Python only: its native part is the tree's too."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target.git import Repository

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MOST = 6
_TAG = re.compile(r"v?\d+(\.\d+)+")
_NATIVE = re.compile(r"\.(rs|c|cc|cpp|cxx|h|hpp|pyx|pxd|proto)$")
_BUILD = re.compile(
    r"(^|/)(build\.rs|rust-toolchain(\.toml)?|setup\.(py|cfg)|MANIFEST\.in|meson\.build|CMakeLists\.txt)$|"
    r"(^|/)\.cargo/"
)
_ASIDE = re.compile(r"(^|/)(tests?|fuzz|benches|examples)/")
"""Of a native part what is in none that is published."""

_TOML = ("Cargo.toml", "Cargo.lock", "pyproject.toml")
_ONLY_SAID = (
    *("version", "description", "authors", "keywords", "categories", "license", "readme"),
    *("repository", "homepage", "documentation", "rust-version"),
)
"""What a package says of itself, and no build depends on."""


def candidates(repository: Repository, commit: str, *, edited: bool = False) -> Iterator[Version]:
    """The releases whose native part a commit has, the nearest first.

    Args:
        edited: it is the repository's work tree that counts, which is at this commit, or was.
    """
    tags = chain.from_iterable(
        zip_longest(_tags(repository, "--merged", commit)[::-1], _tags(repository, "--contains", commit))
    )
    named = dict(tag for tag in tags if tag)
    now = _State(repository, "" if edited else commit)
    for release, tag in islice(named.items(), _MOST):
        if _same_native_part(_State(repository, f"refs/tags/{tag}"), now):
            yield release


def _tags(repository: Repository, relation: str, commit: str) -> list[tuple[Version, str]]:
    """Of releases, with their numbers, in the order of these."""
    listed = repository.answer("for-each-ref", relation, commit, "--format=%(refname:short)", "refs/tags")
    found = []
    for tag in (listed or "").splitlines():
        try:
            if _TAG.match(tag) and not (version := Version(tag)).is_prerelease:
                found.append((version, tag))
        except InvalidVersion:
            continue
    return sorted(found)


@dataclass(frozen=True)
class _State:
    """One state of the files; without a commit that of the work tree."""

    repository: Repository
    commit: str

    def text(self, name: str) -> str | None:
        if self.commit:
            return self.repository.answer("show", f"{self.commit}:./{name}")
        try:
            return (self.repository.folder / name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None


def _same_native_part(then: _State, now: _State) -> bool:
    """Whether nothing that a native module is built of differs."""
    sides = filter(None, (then.commit, now.commit))
    listing = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", *sides, "--")
    try:
        changed = now.repository.ask(*listing)
        others = "" if now.commit else now.repository.ask("ls-files", "-z", "--others", "--exclude-standard")
    except CouldNotMeasure:
        return False
    names = [name for name in (changed + others).split("\0") if name and not _ASIDE.search(name)]
    return not any(_changes_the_build(name, then, now) for name in names)


def _changes_the_build(name: str, then: _State, now: _State) -> bool:
    if Path(name).name in _TOML:
        return bool(_built_of(name, then.text(name)) != _built_of(name, now.text(name)))
    return bool(_NATIVE.search(name) or _BUILD.search(name))


def _built_of(name: str, text: str | None) -> Any:
    """What a native module depends on, of a file that says more; one that can't be read is like no other."""
    try:
        table = tomllib.loads(text or "")
        if name.endswith("pyproject.toml"):
            return _of_project(table)
        return _of_lock(table) if name.endswith(".lock") else _of_crate(table)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return object()


def _of_project(table: Mapping[str, Any]) -> Any:
    maturin = dict(table.get("tool", {}).get("maturin", {}))
    for what_else_is_packed in ("include", "exclude"):
        maturin.pop(what_else_is_packed, None)
    return table.get("build-system", {}).get("build-backend"), maturin


def _of_crate(table: Mapping[str, Any]) -> Any:
    kept = {key: part for key, part in table.items() if key != "dev-dependencies"}
    package = kept.get("package", {})
    return {**kept, "package": {key: part for key, part in package.items() if key not in _ONLY_SAID}}


def _of_lock(table: Mapping[str, Any]) -> Any:
    """The packages; of those that lie in the tree not their version, which each release raises."""
    return [
        {key: part for key, part in package.items() if key != "version" or "source" in package}
        for package in table.get("package", [])
    ]
