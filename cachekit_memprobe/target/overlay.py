"""A wheel of a release's native part and a source tree's Python files, for which no compiler is needed."""

import base64
import csv
import hashlib
import io
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import installer, local

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PACKAGE = "cachekit/"
_NATIVE = (".so", ".pyd", ".dylib", ".dll")
_PLACES = ("src", "python", "")
_OF_THE_INSTALLER = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
_DEPENDENCY = re.compile(r"^(Requires-Dist|Provides-Extra|Version):")


class NotPublished(CouldNotMeasure):
    """A release that has a tag and can't be installed."""


def wheel_over(tree: Path, release: Version, python: Path, folder: Path, name: str) -> Path:
    """Make the wheel in ``folder``.

    Args:
        name: of the tree, for messages.

    Raises:
        NotPublished: the release can't be had.
        CouldNotMeasure: the tree has no cachekit in it, or one that only a build can make.
    """
    published = folder / "published"
    try:
        installer.unpack(release, python, published, f"cachekit {release}, whose native part {name} has,")
    except CouldNotMeasure as error:
        raise NotPublished(str(error)) from None
    project = _project_of(tree)
    version = _version_of(project, release)
    files = {**_kept(published, release, version, project), **_python_files(tree, project, name)}
    info = f"cachekit-{version}.dist-info"
    wheel = folder / f"cachekit-{version}-{_tags(files[f'{info}/WHEEL'])}.whl"
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)
    return wheel


def needs_the_same(wheel: Path, environment: Path) -> bool:
    """Whether a wheel needs what the cachekit needs that is installed in an environment."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        own = archive.read(name)
    installed = list(environment.glob("lib/python*/site-packages/cachekit-*.dist-info/METADATA"))
    return len(installed) == 1 and _needs(own) == _needs(installed[0].read_bytes())


def _needs(metadata: bytes) -> set[str]:
    """Without its extras, which nothing here installs."""
    head = metadata.decode("utf-8").partition("\n\n")[0].splitlines()
    needed = (Requirement(line.partition(":")[2]) for line in head if line.startswith("Requires-Dist:"))
    return {str(one) for one in needed if "extra" not in str(one.marker or "")}


def _project_of(tree: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CouldNotMeasure(f"pyproject.toml of the source tree can't be read: {error}") from None


def _version_of(project: Mapping[str, Any], release: Version) -> Version:
    """That of the tree, which its next release may have raised already."""
    try:
        return Version(str(project["project"]["version"]))
    except (KeyError, TypeError, InvalidVersion):
        return release


def _kept(
    published: Path, release: Version, version: Version, project: Mapping[str, Any]
) -> dict[str, bytes]:
    """What stays of the release: its native module, and what tells about it, under the tree's version."""
    info, renamed = f"cachekit-{release}.dist-info/", f"cachekit-{version}.dist-info/"
    files: dict[str, bytes] = {}
    rows = csv.reader((published / info / "RECORD").read_text(encoding="utf-8").splitlines())
    for row in filter(None, rows):
        name = row[0]
        replaced = name.startswith(_PACKAGE) and not name.endswith(_NATIVE)
        if replaced or name.endswith(_OF_THE_INSTALLER) or name.startswith(("..", "/")):
            continue
        content = (published / name).read_bytes()
        if row[1] != _digest(content):
            raise CouldNotMeasure(
                f"{name} of cachekit {release} isn't what was published; look where uv has it from"
            )
        if name == f"{info}METADATA":
            content = _metadata(content, version, project)
        files[renamed + name[len(info) :] if name.startswith(info) else name] = content
    return files


def _metadata(content: bytes, version: Version, project: Mapping[str, Any]) -> bytes:
    """With the version and the dependencies of the tree."""
    head, blank, text = content.decode("utf-8").partition("\n\n")
    stated = project.get("project", {})
    if "dependencies" in stated.get("dynamic", ()):
        raise CouldNotMeasure("pyproject.toml of the source tree leaves its dependencies to a build")
    lines = [line for line in head.splitlines() if not _DEPENDENCY.match(line)]
    lines += [f"Version: {version}", *_dependencies(stated)]
    return ("\n".join(lines) + blank + text).encode()


def _dependencies(project: Mapping[str, Any]) -> Iterator[str]:
    for needed in project.get("dependencies", ()):
        yield f"Requires-Dist: {needed}"
    for extra, names in project.get("optional-dependencies", {}).items():
        yield f"Provides-Extra: {extra}"
        for needed in names:
            yield f"Requires-Dist: {_with_extra(str(needed), extra)}"


def _with_extra(needed: str, extra: str) -> str:
    try:
        requirement = Requirement(needed)
    except InvalidRequirement as error:
        raise CouldNotMeasure(f"pyproject.toml of the source tree: {error}") from None
    only = f'extra == "{extra}"'
    marked = f"({requirement.marker}) and {only}" if requirement.marker else only
    requirement.marker = None
    return f"{requirement} ; {marked}"


def _python_files(tree: Path, project: Mapping[str, Any], name: str) -> dict[str, bytes]:
    """The package in the tree, by the names that it has in a wheel."""
    chosen = project.get("tool", {}).get("maturin", {}).get("python-source")
    for place in (chosen,) if isinstance(chosen, str) else _PLACES:
        root = tree / place
        if (root / _PACKAGE / "__init__.py").is_file() and root.resolve().is_relative_to(tree.resolve()):
            files = (tree / file for file in local.files_of(tree))
            return {
                file.relative_to(root).as_posix(): file.read_bytes()
                for file in files
                if file.is_relative_to(root / _PACKAGE) and file.is_file() and not file.name.endswith(_NATIVE)
            }
    raise CouldNotMeasure(f"{name} has no package cachekit where its pyproject.toml says")


def _tags(wheel: bytes) -> str:
    """As a wheel's name has them: each of their three parts once."""
    tags = re.findall(r"^Tag:\s*(\S+)\s*$", wheel.decode(), re.MULTILINE)
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    return "-".join(".".join(dict.fromkeys(part)) for part in parts)


def _record(files: Mapping[str, bytes], name: str) -> bytes:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for file, content in files.items():
        writer.writerow((file, _digest(content), len(content)))
    writer.writerow((name, "", ""))
    return lines.getvalue().encode()


def _digest(content: bytes) -> str:
    """As a RECORD spells it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
