"""Where text goes: consoles for stdout and stderr, plain when they are no terminals or NO_COLOR is set."""

import os
import sys
from typing import Literal, NoReturn, TextIO

from rich.console import Console

NARROWEST = 72
"""Columns below which a table would lose figures; a narrower terminal wraps its lines instead."""

WIDEST = 1000
"""Columns that nobody has, but that COLUMNS may claim: lines are padded to them."""


class PlainConsole(Console):
    """A rich console that leaves a broken pipe to the error boundary, and markup to nobody."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def console_for(stream: TextIO) -> PlainConsole:
    """A console on a stream, at least as wide as a table needs."""
    _never_fail_to_encode(stream)
    # NO_COLOR asks rich for no colours, but bold and dim would still be written.
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    console = PlainConsole(file=stream, color_system=colours, highlight=False, markup=False, emoji=False)
    console.width = min(max(console.width, NARROWEST), WIDEST)
    return console


def stdout_console() -> PlainConsole:
    """Made at each call: tests and redirections replace the stream."""
    return console_for(sys.stdout)


def stderr_console() -> PlainConsole:
    """The same for what is not the command's result."""
    return console_for(sys.stderr)


def _never_fail_to_encode(stream: TextIO) -> None:
    """A character that the terminal's encoding lacks is shown as ``?``."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
