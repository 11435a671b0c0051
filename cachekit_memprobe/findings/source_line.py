"""One line of source as a syntax tree, although a line alone is often no statement."""

import ast
import warnings
from collections.abc import Iterator

_LONGEST = 1000
"""Characters: a line that goes on for longer was written by no one, and may be nested without end."""
_PAIRS = {")": "(", "]": "[", "}": "{"}
_CLOSERS = {opener: closer for closer, opener in _PAIRS.items()}


def calls_in(source: str) -> tuple[ast.Call, ...]:
    """The calls of a line, the outermost first; none when nothing can be made of it.

    The line may be the head of a block, or a piece of a statement that began above it or goes on below.
    """
    for attempt in _attempts(source.strip()) if len(source) <= _LONGEST else ():
        tree = _parsed(attempt)
        if tree is not None:
            return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return ()


def _attempts(line: str) -> Iterator[str]:
    line = line.removeprefix("el") if line.startswith("elif ") else line
    yield line
    yield f"{line} pass"
    # Such as .copy(), called on what the line above ends in.
    mended = _closed(f"_{line}" if line.startswith(".") else line)
    yield mended
    yield f"{mended} pass"
    yield f"{mended}: pass"
    # Arguments of a call that began above, or the last line of a conditional expression.
    yield _closed(f"_({line}")
    yield _closed(f"_ if _ {line}")


def _parsed(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            # An escape sequence that Python doesn't know is the target's affair.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two of what is nested deeply
        return None


def words_of(node: ast.AST) -> str:
    """The source of a part of a line; empty for what is nested too deeply to be written down."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""


def _closed(line: str) -> str:
    """The line with the brackets that it lacks, in front of it and behind it, and without its comment."""
    opened: list[str] = []
    missing = quote = ""
    for place, character in enumerate(line):
        if quote:
            quote = "" if character == quote and line[place - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character == "#":
            line = line[:place]
            break
        elif character in _CLOSERS:
            opened.append(character)
        elif character in _PAIRS and opened:
            opened.pop()
        elif character in _PAIRS:
            missing = ("_(" if character == ")" else _PAIRS[character]) + missing
    return missing + line + "".join(_CLOSERS[opener] for opener in reversed(opened))
