"""Names from outside, such as those of files, as they may stand in a message, on a terminal or in a shell.

A name may hold a line break, an escape sequence, or a character that turns the direction of writing: it is
written with escapes then, so that no two names look the same.
"""

import json
import shlex
from typing import Any


def printable(name: object) -> str:
    """The name itself; one that a terminal could not show as it is in quotation marks, with escapes."""
    text = str(name)
    return text if text.isprintable() else repr(text)


def shortened(text: object, most: int) -> str:
    """A text from outside on one line and not too long, such as a library's words about a file's contents."""
    line = " ".join(str(text).split())
    return printable(line if len(line) <= most else f"{line[:most]}...")


def pasted(path: object) -> str:
    """A path as one word for a shell, which is no option and breaks no line, whatever is in it."""
    text = str(path)
    if text.startswith("-"):
        text = f"./{text}"
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_in_dollar_quotes, text)) + "'"


def json_text(document: Any, *, indent: int) -> str:
    """A document as JSON, a line break at its end, with escapes for what a terminal would act on.

    JSON itself demands them for the control characters of ASCII, without DEL; not for those of Latin-1, nor
    for what turns the direction of writing. Half a surrogate pair, as undecodable file names have them, is
    no UTF-8, and becomes a question mark.
    """
    text = json.dumps(document, indent=indent, allow_nan=False, ensure_ascii=False)
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\x7f", "\\u007f") + "\n"
    if text.isascii():
        return text
    return "".join(
        character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1]
        for character in text
    )


def _in_dollar_quotes(character: str) -> str:
    """A character in the quotation of bash, zsh and ksh that has escapes."""
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python has a byte of a file's name that is no text
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
