"""From names in the stage map to code objects and lines in the target that is loaded.

Code objects, not names, are watched: a function that was imported elsewhere under another name, or
wrapped by a decorator, is still the same code.
"""

import ast
import importlib
import inspect
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.assigned import EXAMPLE, problem_with, sites_in
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.stages import Function, Site, functions_of, sites_of

_PACKAGE = "cachekit"
_LOCALS = ".<locals>."


@dataclass(frozen=True)
class Watched:
    """A function of the map, found.

    Attributes:
        stage: the stage of the function's own lines; empty for the caller's.
        function: its qualified name.
        file: the absolute path of its source.
        line: its first line.
        sites: the stage of those lines that belong to another one.
        starts: the first line of the statement that each of these belongs to.
    """

    stage: str
    function: str
    file: str
    line: int
    sites: Mapping[int, str] = field(default_factory=dict)
    starts: Mapping[int, int] = field(default_factory=dict)


def watch_list(
    release: str,
    *,
    backend: str,
    compressed: bool,
    required: tuple[str, ...],
    assigned: tuple[Function, ...] = (),
) -> dict[types.CodeType, Watched]:
    """Find every function of the map for a release.

    Args:
        release: of the cachekit that is loaded.
        backend: whose reads are watched.
        compressed: the entry is compressed, so that sites that decompress count as such.
        required: stages whose functions must all be there.
        assigned: functions of the user's, which must be there; what they do need not be found elsewhere.

    Raises:
        CouldNotMeasure: a required stage's function, or the call that marks it, is not in this release.
    """
    functions = (*functions_of(release, backend), *assigned)
    sites = (*sites_of(functions), *sites_in(assigned))
    elsewhere = {entry.stage for entry in assigned}
    watched: dict[types.CodeType, Watched] = {}
    missing: list[str] = []
    found_sites: set[str] = set()
    for entry in functions:
        try:
            code = _code_of(entry.name)
            own_sites = [site for site in sites if site.function == entry.name]
            lines, starts = _site_lines(code, own_sites, compressed)
        except (ImportError, AttributeError, LookupError) as error:
            expected = entry.stage in required and entry.stage not in elsewhere
            if entry in assigned or (expected and not _lacks_another_package(error)):
                missing.append(f"{entry.stage}: {_PACKAGE}.{entry.name} ({error})")
            continue
        found_sites.update(lines.values())
        watched[code] = Watched(
            entry.stage, _qualname(entry), code.co_filename, code.co_firstlineno, lines, starts
        )
    site_only = {site.stage for site in sites} - {entry.stage for entry in functions}
    missing += [f"{stage}: no call of the map" for stage in required if stage in site_only - found_sites]
    if missing:
        raise CouldNotMeasure(
            f"cachekit {release} lacks functions that the stage map names for it, so copies in them "
            f"would go unseen: {'; '.join(missing)}. If they have other names in this cachekit, give them "
            f"with --stage, such as --stage {EXAMPLE}"
        )
    return watched


def unresolved(names: Iterable[str]) -> dict[str, str]:
    """Which functions, named as in the map, are not there, and why, in a sentence."""
    problems = {}
    for name in names:
        try:
            _code_of(name)
        except Exception as error:  # importing a module of the target's may fail in any way
            problems[name] = problem_with(name, error)
    return problems


def _lacks_another_package(error: Exception) -> bool:
    """Whether the module is there but can't be imported, orjson's serializer without orjson say.

    Then no read of this process can pass it.
    """
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    package = (root.name or _PACKAGE) if isinstance(root, ModuleNotFoundError) else _PACKAGE
    return package.partition(".")[0] != _PACKAGE


def _qualname(entry: Function) -> str:
    return entry.name.partition(":")[2].rpartition(_LOCALS)[2]


def _code_of(name: str) -> types.CodeType:
    module_name, _, qualname = name.partition(":")
    outer, *inner = qualname.split(_LOCALS)
    found: Any = importlib.import_module(f"{_PACKAGE}.{module_name}")
    for part in outer.split("."):
        found = inspect.getattr_static(found, part)
    found = inspect.unwrap(getattr(found, "__func__", found))
    code: types.CodeType = found.__code__
    for part in inner:
        code = _nested_code(code, part)
    return code


def _nested_code(code: types.CodeType, name: str) -> types.CodeType:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType) and constant.co_name == name:
            return constant
    raise LookupError(f"{code.co_name} has no inner function {name}")


def _site_lines(
    code: types.CodeType, sites: list[Site], compressed: bool
) -> tuple[dict[int, str], dict[int, int]]:
    """The stage of each line of the statements that make the sites' calls, and where its statement starts."""
    wanted = {site.call: site.stage for site in sites if compressed or not site.compressed_only}
    lines: dict[int, str] = {}
    starts: dict[int, int] = {}
    if wanted:
        for statement in _simple_statements(_function_node(code)):
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and _called_name(node) in wanted:
                    extent = range(statement.lineno, (statement.end_lineno or 0) + 1)
                    lines.update(dict.fromkeys(extent, wanted[_called_name(node)]))
                    starts.update(dict.fromkeys(extent, statement.lineno))
    return lines, starts


def _function_node(code: types.CodeType) -> ast.AST:
    """The definition whose decorators or ``def`` start where the code object says.

    Raises:
        LookupError: the source is not what was compiled.
    """
    for node in ast.walk(parse_source(code.co_filename)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == code.co_firstlineno:
                return node
    raise LookupError(f"the source of {code.co_name} is not in {code.co_filename}")


@lru_cache(maxsize=16)
def parse_source(file: str) -> ast.Module:
    """A source file's syntax tree, parsed once."""
    return ast.parse(Path(file).read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def return_lines(file: str) -> frozenset[int]:
    """The lines of a source file's return statements."""
    return frozenset(
        line
        for node in ast.walk(parse_source(file))
        if isinstance(node, ast.Return)
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    )


@lru_cache(maxsize=1024)
def statement_lines(file: str, line: int) -> tuple[int, int]:
    """The first and the last line of the statement that a line belongs to, as far as there is source."""
    try:
        module = parse_source(file)
    except (OSError, SyntaxError, ValueError):
        return line, line
    for statement in _simple_statements(module):
        last = statement.end_lineno or statement.lineno
        if statement.lineno <= line <= last:
            return statement.lineno, last
    return line, line


def _simple_statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Statements without a body of their own, so that a line belongs to one of them only."""
    for child in ast.walk(node):
        if isinstance(child, ast.stmt) and not hasattr(child, "body"):
            yield child


def _called_name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
