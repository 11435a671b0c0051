"""Copies of a release with a fault put into their source, each an interpreter of its own for ``--python``."""

import ast
import py_compile
import shutil
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MARKER = "# injected"
"""Ends the line that a test wants to find again."""


@dataclass(frozen=True)
class Edit:
    """A piece of source text that is replaced.

    Attributes:
        file: below the package, ``serializers/wrapper.py``.
        function: where the text stands, ``Class.method``; empty for the module's own lines.
        old: stands there exactly once.
        new: the line to be found again ends in :data:`MARKER`.
    """

    file: str
    function: str
    old: str
    new: str


@dataclass(frozen=True)
class Copy:
    """An interpreter with an edited cachekit.

    Attributes:
        python: for ``--python``.
        lines: the injected line of each file, ``cachekit/serializers/wrapper.py`` to its number.
    """

    python: Path
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def where(self) -> tuple[str, int]:
        """File and line of the only injected line."""
        ((file, line),) = self.lines.items()
        return file, line


class Workshop:
    """Makes the copies, in ``folder``, of the cachekit in a virtual environment."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "untouched"
        packages = _site_packages(environment)
        venv.EnvBuilder(symlinks=True).create(self._template)
        own_packages = _site_packages(self._template)
        for original in (packages / "cachekit", *packages.glob("cachekit-*.dist-info")):
            shutil.copytree(original, own_packages / original.name)
        # Everything else comes from the release's environment, and after the copy.
        (own_packages / "release.pth").write_text(f"{packages}\n")

    @property
    def untouched(self) -> Copy:
        return Copy(self._template / "bin" / "python")

    def faulty(self, name: str, edits: Sequence[Edit]) -> Copy:
        """A copy with the edits made.

        Raises:
            LookupError: the text of an edit isn't where it is expected, as in a release not yet known.
        """
        environment = self._folder / name
        shutil.copytree(self._template, environment, symlinks=True)
        packages = _site_packages(environment)
        for edit in edits:
            file = packages / "cachekit" / edit.file
            file.write_text(_edited(file.read_text(encoding="utf-8"), edit), encoding="utf-8")
            py_compile.compile(str(file), doraise=True)
        shutil.copy(Path(__file__).with_name("misbehaviour.py"), packages / "cachekit" / "_misbehaviour.py")
        lines = {
            f"cachekit/{edit.file}": number
            for edit in edits
            for number in _marked_lines(packages / "cachekit" / edit.file)
        }
        return Copy(environment / "bin" / "python", lines)


def _site_packages(environment: Path) -> Path:
    (packages,) = (environment / "lib").glob("python*/site-packages")
    return packages


def _edited(source: str, edit: Edit) -> str:
    start, end = _extent(source, edit.function)
    if source.count(edit.old, start, end) != 1:
        raise LookupError(
            f"{edit.old!r} doesn't stand once in {edit.function or 'the module'} of {edit.file}"
        )
    return source[:start] + source[start:end].replace(edit.old, edit.new) + source[end:]


def _extent(source: str, function: str) -> tuple[int, int]:
    """From where to where a function reaches in its module's text."""
    if not function:
        return 0, len(source)
    node: ast.AST = ast.parse(source)
    for name in function.split("."):
        node = next(
            inner
            for inner in ast.walk(node)
            if isinstance(inner, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and inner.name == name
            and inner is not node
        )
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    lines = source.splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1]))
    return start, start + sum(map(len, lines[node.lineno - 1 : node.end_lineno]))


def _marked_lines(file: Path) -> list[int]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, start=1) if line.endswith(MARKER)]
