"""A line turns a view into an object of its own, ``bytes(data)`` or ``array.copy()``, and so copies it."""

import ast
from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence, at, into
from cachekit_memprobe.findings.source_line import calls_in, words_of
from cachekit_memprobe.result import Finding, SiteUsage

CODE = "MEM006"
SUPERSEDES = ("MEM001",)
"""It says what the copy is, and also what to change."""

_CONSTRUCTORS = ("bytes", "bytearray")
_METHODS = ("tobytes", "copy")
_LONGEST_QUOTATION = 40
_NO_VIEWS = (ast.Constant, ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp)
_ONLY_OF_NUMBERS = (ast.LShift, ast.RShift, ast.Sub, ast.FloorDiv, ast.Pow)
"""Operators that no buffer has; bytes can be added and multiplied."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line that is proven to copy, and whose source says that it coerces."""
    for stage in evidence.stages:
        for site in stage.sites:
            coercion = coercion_in(site.source)
            copied_bytes = site.verbatim_bytes or 0
            if coercion and copied_bytes >= NOTABLE * evidence.payload.logical_bytes:
                message = (
                    f"{stage.name} copies {evidence.per_read(copied_bytes)}, byte for byte, "
                    f"{at(site.place)}{into(site.memory_of)}: {coercion} {_remedy(site, coercion, evidence)}"
                )
                yield Finding(CODE, message, site.place)


def coercion_in(source: str) -> str:
    """``bytes(data)`` or ``.copy()``: the call of a source line that copies a buffer, or nothing.

    Of several nobody can tell which it was: they are all named.
    """
    return " or ".join(dict.fromkeys(words for words in map(_coercion, calls_in(source)) if words))


def _coercion(call: ast.Call) -> str:
    called, given = call.func, call.args
    if isinstance(called, ast.Name) and called.id in _CONSTRUCTORS and len(given) == 1 and not call.keywords:
        # bytes(8) makes zeros, and bytes([1, 2]) is no view.
        if isinstance(given[0], _NO_VIEWS) or _is_a_number(given[0]):
            return ""
        words = words_of(call)
        return words if 0 < len(words) <= _LONGEST_QUOTATION else f"{called.id}(...)"
    if isinstance(called, ast.Attribute) and called.attr in _METHODS and not given and not call.keywords:
        return f".{called.attr}()"
    return ""


def _is_a_number(node: ast.expr) -> bool:
    """As of bytearray(2 << 20) and bytes(len(data)); of names nobody can tell."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, _ONLY_OF_NUMBERS) or (_is_a_number(node.left) and _is_a_number(node.right))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "len"
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _remedy(site: SiteUsage, coercion: str, evidence: Evidence) -> str:
    if site.memory_of in ("before", "unseen"):
        return "makes a copy where a view would have been enough"
    if site.survived_bytes * 2 > (site.verbatim_bytes or 0):
        return (
            f"makes an object that {evidence.keeper} keeps; a view in its place would save the copy, but "
            "keep alive the memory behind it"
        )
    made = "an array" if coercion == ".copy()" else "an object"
    return f"makes {made} that is dropped before the read returns; pass the view on"
