"""A copy of the target's cachekit with a fault of known size: one stage copies the stored frame once more.

The function is found by the stage map, in the source that is there, so that no release's lines have to be
known. The installed files are only read.
"""

import ast
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe.child.stages import functions_of
from cachekit_memprobe.doctor.children import ask_code
from cachekit_memprobe.errors import CouldNotMeasure

_PACKAGE = "cachekit"
_FIND = f"import importlib.util; print(importlib.util.find_spec({_PACKAGE!r}).submodule_search_locations[0])"
_SELF = ("self", "cls")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Planted:
    """What was planted, and where.

    Attributes:
        folder: to be put before all others on ``sys.path``; it has the copy of the package.
        file: as places have it, ``cachekit/serializers/wrapper.py``.
        line: the statement that copies.
        passed: this file is there once the statement was run.
    """

    folder: Path
    stage: str
    file: str
    line: int
    passed: Path


def package_of(python: Path) -> Path:
    """The folder of the cachekit that an interpreter imports.

    Raises:
        CouldNotMeasure: it can't tell.
    """
    answer = ask_code(python, _FIND)
    package = Path(answer.text)
    if not answer.ok or not (package / "__init__.py").is_file():
        raise CouldNotMeasure(f"the files of the target's cachekit can't be found: {answer.text}")
    return package


def plant(package: Path, release: str, stage: str, folder: Path) -> Planted:
    """Copy a cachekit, and let the first function of a stage copy the bytes that it is given.

    Args:
        folder: a new one is made there.

    Raises:
        CouldNotMeasure: this cachekit has no such function of the stage, as Python source.
        OSError: the files can't be read or written.
    """
    for entry in functions_of(release):
        module, _, qualname = entry.name.partition(":")
        source = package.joinpath(*module.split(".")).with_suffix(".py")
        if entry.stage == stage and source.is_file():
            text = source.read_text(encoding="utf-8")
            if function := _function(ast.parse(text), qualname):
                break
    else:
        raise CouldNotMeasure(f"cachekit {release} has no function of the stage {stage} to plant a copy in")
    passed = folder / "passed"
    edited, line = _with_copy(text, function, passed)
    shutil.copytree(
        package, folder / _PACKAGE, copy_function=_copied, ignore=shutil.ignore_patterns("__pycache__")
    )
    file = Path(_PACKAGE, source.relative_to(package))
    (folder / file).write_text(edited, encoding="utf-8")
    return Planted(folder, stage, file.as_posix(), line, passed)


def _copied(source: str, destination: str) -> None:
    """Source files are copied without their permissions; libraries stay where code may be run from."""
    if source.endswith(".py"):
        shutil.copyfile(source, destination)
    else:
        os.symlink(os.path.realpath(source), destination)


def _function(module: ast.Module, qualname: str) -> _Function | None:
    """The definition with a name such as ``Class.method``, if it takes something to copy."""
    found: ast.AST | None = module
    for name in qualname.split("."):
        if name != "<locals>":
            found = next((node for node in _definitions(found) if node.name == name), None)
    if isinstance(found, _Function) and _given(found):
        return found
    return None


def _definitions(node: ast.AST | None) -> Iterator[ast.ClassDef | _Function]:
    for child in ast.iter_child_nodes(node) if node else ():
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child


def _given(function: _Function) -> str:
    """The name of the first argument that isn't the object itself."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return next((name for name in names if name not in _SELF), "")


def _with_copy(text: str, function: _Function, passed: Path) -> tuple[str, int]:
    """The source with a statement before the function's first one, and the line of that."""
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None and len(function.body) > 1:
        first = function.body[1]
    name, indent = _given(function), " " * first.col_offset
    lines = text.splitlines(keepends=True)
    lines[first.lineno - 1 : first.lineno - 1] = [
        f"{indent}{name} = bytes(memoryview({name}))\n",
        f"{indent}__import__('pathlib').Path({str(passed)!r}).touch()\n",
    ]
    return "".join(lines), first.lineno
