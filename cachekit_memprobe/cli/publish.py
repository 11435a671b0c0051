"""Where a finished report goes: tables or verdict lines to the terminal, JSON to a file or to stdout."""

import os
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from cachekit_memprobe import pages
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.console import stderr_console, stdout_console
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.terminal import render_report
from cachekit_memprobe.report.words import (
    modified_lines,
    prediction_lines,
    scenario_line,
    skipped_lines,
    worker_lines,
)
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import write_atomically

STDOUT = "-"


def check_json_file(json_file: str | None) -> None:
    """Refuse, before anything is measured, a file that can't be written afterwards.

    Raises:
        UsageError: its folder is missing, or may not be written to.
    """
    if json_file is None or json_file == STDOUT:
        return
    path, option = Path(json_file), f"--json {printable(json_file)}"
    folder = path.absolute().parent
    if not json_file or "\0" in json_file or os.path.isdir(path):
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


def publish(
    report: Report,
    *,
    json_file: str | None = None,
    quiet: bool = False,
    names: Collection[str] = (),
    full: bool = False,
) -> None:
    """Show a report as tables, or quietly as one line a scenario, and write its JSON.

    JSON on stdout has it to itself: the tables go to stderr then.

    Args:
        names, full: which scenarios to show in full, see :func:`render_report`.

    Raises:
        MemprobeError: the JSON file can't be written; the report has been shown nevertheless.
    """
    show = partial(_show_quietly, report) if quiet else partial(_show, report, names=names, full=full)
    if json_file == STDOUT:
        # As bytes: JSON is UTF-8, whatever the terminal's encoding is.
        click.echo(to_json(report).encode(), nl=False)
        show(stderr_console())
        return
    try:
        if json_file is not None:
            _write_json(Path(json_file), report)
    finally:
        show(stdout_console())


def _show(report: Report, console: Console, *, names: Collection[str], full: bool) -> None:
    shown = render_report(report, width=console.width, names=names, full=full, titles=_titles())
    console.print(shown)


def _titles() -> Mapping[str, str]:
    """What the codes of findings stand for; a report is shown without it, too."""
    try:
        return pages.titles()
    except (MemprobeError, OSError, ValueError):
        return {}


def _show_quietly(report: Report, console: Console) -> None:
    for result in report.results:
        console.out(scenario_line(result, report), highlight=False)
    predictions = [line for scaling in report.scaling for line in prediction_lines(scaling)]
    for line in (*modified_lines(report), *skipped_lines(report), *predictions, *worker_lines(report)):
        console.out(line, highlight=False)


def _write_json(path: Path, report: Report) -> None:
    if path.exists() and not path.is_file():
        # A device or a pipe, such as /dev/stderr: it must not be replaced by a file.
        try:
            path.write_text(to_json(report), encoding="utf-8")
        except OSError as error:
            raise MemprobeError(f"can't write {printable(path)}: {error.strerror}") from None
        return
    write_atomically(path, to_json(report))
