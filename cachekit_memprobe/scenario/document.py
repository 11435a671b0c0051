"""From a file to the document that its TOML describes, within limits that no scenario comes near.

They are checked before Python's parser sees the text, which makes gigabytes of a key with thousands of parts.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cachekit_memprobe import units
from cachekit_memprobe.child import regular
from cachekit_memprobe.errors import ScenarioError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_FILE_BYTES = 64 * 1024
MOST_PARTS = 16
"""Of a key with dots; ``[budget]`` has metrics of two and three."""

DEEPEST = 16
"""Arrays and inline tables in one another."""

_OPENING = re.compile(r"\"\"\"|'''|\"|'|#")
_CLOSING = {
    '"""': re.compile(r'\\.|("{3,5})', re.DOTALL),
    "'''": re.compile(r"('{3,5})"),
    '"': re.compile(r'\\.|(")|(?=\n)'),
    "'": re.compile(r"(')|(?=\n)"),
    "#": re.compile(r"(?=(\n))"),
}
"""By what opens a string or a comment: what to go over, with a group that took part where it ends."""

_BETWEEN_KEYS = re.compile(r"[\n,={}\[\]]")


def read_text(path: Path, source: str, *, most_bytes: int = LARGEST_FILE_BYTES) -> str:
    """The text of a scenario file, or of another one that is TOML.

    Args:
        source: the path, for messages.
        most_bytes: of a file that is read at all.

    Raises:
        ScenarioError: it can't be read, isn't UTF-8, or is no file, or too large.
    """
    content = _read(path, source, most_bytes)
    try:
        # Without the byte order mark that some editors write.
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError(
            f"{source}: expected UTF-8, found the byte 0x{content[error.start]:02x} in line {line}; "
            "save the file as UTF-8"
        ) from None


def parsed(text: str, source: str, *, most_bytes: int = LARGEST_FILE_BYTES) -> dict[str, Any]:
    """The document of a TOML text.

    Raises:
        ScenarioError: it is not TOML, or beyond the limits.
    """
    _refuse_beyond_limits(text, source, most_bytes)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{source}: expected TOML, found: {error}; correct it there") from None
    except ValueError:  # Python's own limit
        raise ScenarioError(
            f"{source}: expected TOML, found an integer of thousands of digits; a scenario needs none"
        ) from None


def _read(path: Path, source: str, most_bytes: int) -> bytes:
    try:
        with regular.opened(path) as file:
            content = file.read(most_bytes + 1)
    except regular.NotRegular as found:
        inside = " that is in it" if found.strerror == regular.FOLDER else ""
        raise ScenarioError(
            f"{source}: expected a TOML file, found {found.strerror}; name a file{inside}"
        ) from None
    except OSError as error:
        raise ScenarioError(
            f"{source}: expected a file that can be read, found: {error.strerror}; "
            "check the path and its permissions (a bundled scenario is named without .toml)"
        ) from None
    if len(content) > most_bytes:
        raise ScenarioError(_too_much(source, units.format_bytes(most_bytes), "more"))
    return content


def _refuse_beyond_limits(text: str, source: str, most_bytes: int) -> None:
    if len(text) > most_bytes:
        raise ScenarioError(_too_much(source, units.format_bytes(most_bytes), "more"))
    bare = "".join(_without_strings(text))
    if any(part.count(".") >= MOST_PARTS for part in _BETWEEN_KEYS.split(bare)):
        raise ScenarioError(_too_much(source, f"{MOST_PARTS} parts of a key with dots", "a key of more"))
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", bare):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise ScenarioError(_too_much(source, f"{DEEPEST} arrays or tables in one another", "more"))


def _too_much(source: str, most: str, found: str) -> str:
    return f"{source}: expected at most {most}, found {found}; is this a scenario file?"


def _without_strings(text: str) -> Iterator[str]:
    """What is outside of strings and comments, up to one that doesn't end, where the parser stops, too."""
    position = 0
    while opening := _OPENING.search(text, position):
        yield text[position : opening.start()]
        end = _end_of(text, opening)
        if end is None:
            return
        position = end
    yield text[position:]


def _end_of(text: str, opening: re.Match[str]) -> int | None:
    for found in _CLOSING[opening.group()].finditer(text, opening.end()):
        if found.lastindex:
            return found.end()
        if found.group() == "":  # a line break
            return None
    return None
