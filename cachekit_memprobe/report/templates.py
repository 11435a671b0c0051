"""How HTML files that need nothing else are made: no network, no script, and one style.

A template escapes whatever it is given. Its content security policy lets nothing be loaded or run, and
names the style by its hash.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template


@cache
def template(file: Path) -> Template:
    """The template in a file."""
    environment = Environment(
        loader=FileSystemLoader(file.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(file.name)


def hash_of(style: str) -> str:
    """SHA-256 of a style in base64, as a content security policy names it."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
