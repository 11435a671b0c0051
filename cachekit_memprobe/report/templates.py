"""How HTML files that need nothing else are made: no network, no script, and one style.

A template escapes whatever it is given. Its content security policy lets nothing be loaded or run, and
names the style by its hash.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

SHARED = Path(__file__).parent / "html"
"""The folder of what both pages have in their templates and styles."""

_BETWEEN = re.compile(r"[ \n]*\n[ \n]*")


@cache
def template(file: Path) -> Template:
    """The template in a file, which may import what is shared."""
    environment = Environment(
        loader=FileSystemLoader([file.parent, SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(file.name)


def style_of(files: Iterable[Path]) -> str:
    """The styles in files, one after the other, without line breaks."""
    return "".join(_BETWEEN.sub("", file.read_text(encoding="utf-8")) for file in files)


def hash_of(style: str) -> str:
    """SHA-256 of a style in base64, as a content security policy names it."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
