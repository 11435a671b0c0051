"""The options that say in which formats a finished value is written, and to which files."""

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import click

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.report.formats import Format

_Finished = TypeVar("_Finished")
_Command = TypeVar("_Command", bound=Callable[..., Any])

STDOUT = "-"
TERMINAL = Format[Any]("terminal", ".txt", "text, as it is shown on a terminal", str)
"""How a value is shown is the command's own: see :func:`cachekit_memprobe.cli.publish.write`."""


@dataclass(frozen=True)
class Output(Generic[_Finished]):
    """A format, and the file that gets it.

    Attributes:
        option: that asked for it, for messages.
        path: ``-`` is stdout.
    """

    option: str
    format: Format[_Finished]
    path: str

    @property
    def is_stdout(self) -> bool:
        return self.path == STDOUT


def file_options(formats: Sequence[Format[Any]], what: str = "report") -> Callable[[_Command], _Command]:
    """An option for each format, ``--json FILE``; what is given reaches the command as ``files``.

    Args:
        what: is written, for the help.
    """

    def decorate(command: Any) -> Any:
        @functools.wraps(command)
        def with_files(*args: Any, **values: Any) -> Any:
            given = {one: values.pop(_parameter(one)) for one in formats}
            files = tuple(
                Output(f"--{one.name}", one, path) for one, path in given.items() if path is not None
            )
            return command(*args, files=files, **values)

        return functools.reduce(
            lambda decorated, one: _file_option(one, what)(decorated), formats[::-1], with_files
        )

    return decorate


def format_options(formats: Sequence[Format[Any]]) -> Callable[[_Command], _Command]:
    """``--format`` and ``-o``; they reach the command as ``output``, ``None`` for what a terminal shows."""
    by_name = {one.name: one for one in (TERMINAL, *formats)}
    *others, last = [one.suffix for one in by_name.values()]
    suffixes = f"{', '.join(others)} or {last}"

    def decorate(command: Any) -> Any:
        @functools.wraps(command)
        def with_output(*args: Any, chosen: str | None, output_file: str | None, **values: Any) -> Any:
            return command(*args, output=_chosen(by_name, chosen, output_file), **values)

        name = option(
            "--format",
            "chosen",
            group=Group.OUTPUT,
            type=click.Choice([*by_name]),
            help=f"Print it in this format.  [default: {TERMINAL.name}]",
        )
        file = option(
            "--output",
            "-o",
            "output_file",
            group=Group.OUTPUT,
            metavar="FILE|-",
            help=f"Write it to this file instead of printing it. Without --format, its suffix says which "
            f"is meant: {suffixes}.",
        )
        return name(file(with_output))

    return decorate


no_source_option = option(
    "--no-source",
    is_flag=True,
    help="Leave out of what is written in other formats what may be private: source lines of code outside "
    "cachekit, names of data files, and what a process printed before it failed.",
)


def check_outputs(outputs: Sequence[Output[Any]]) -> None:
    """Refuse, before anything is measured, what can't be written afterwards.

    Raises:
        UsageError: two have the same file, or stdout; a folder is missing, or may not be written to.
    """
    taken: dict[str, str] = {}
    for output in outputs:
        _check_file(output)
        where = STDOUT if output.is_stdout else os.path.realpath(output.path)
        if (other := taken.setdefault(where, output.option)) != output.option:
            name = "stdout, where only one of them can go" if output.is_stdout else printable(output.path)
            raise UsageError(f"{other} and {output.option} both name {name}; give one of them another file")


def _parameter(one: Format[Any]) -> str:
    return f"{one.name.replace('-', '_')}_file"


def _file_option(one: Format[Any], what: str) -> Callable[[Any], Any]:
    words = f"Also write the {what} as {one.title}."
    if one.name == "json":
        words += " With - it goes to stdout, and the tables go to stderr."
    return option(f"--{one.name}", _parameter(one), metavar="FILE|-", help=words)


def _chosen(by_name: dict[str, Format[Any]], name: str | None, path: str | None) -> Output[Any] | None:
    if path is None or path == STDOUT:
        chosen = by_name[name or TERMINAL.name]
        return None if chosen == TERMINAL else Output(f"--format {name}", chosen, STDOUT)
    if name is not None:
        return Output("--output", by_name[name], path)
    # .trace.json ends in .json as well.
    for one in sorted(by_name.values(), key=lambda one: len(one.suffix), reverse=True):
        if path.lower().endswith(one.suffix):
            return Output("--output", one, path)
    raise click.UsageError(
        f"--output {printable(path)}: its suffix is none of a format; add --format {'|'.join(by_name)}"
    )


def _check_file(output: Output[Any]) -> None:
    if output.is_stdout:
        return
    path, option = Path(output.path), f"{output.option} {printable(output.path)}"
    folder = path.absolute().parent
    if not output.path or "\0" in output.path or os.path.isdir(path):
        raise UsageError(f"{option}: not a file")
    if not os.path.isdir(folder):
        raise UsageError(f"{option}: there is no folder {printable(folder)}")
    try:
        exists = bool(path.stat())
    except FileNotFoundError:
        exists = False
    except OSError as error:  # such as a name that is too long
        raise UsageError(f"{option}: {error.strerror}; give another file") from None
    if not os.access(path if exists else folder, os.W_OK):
        raise UsageError(f"{option}: no permission to write it")
