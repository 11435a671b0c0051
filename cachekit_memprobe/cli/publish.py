"""Where a finished report goes: to the terminal, and in other formats to files or to stdout."""

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from cachekit_memprobe import pages
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.console import PlainConsole, stderr_console, stdout_console
from cachekit_memprobe.cli.flamegraph import FlameGraphs, pages_beside
from cachekit_memprobe.cli.github import tell_github, without_commands
from cachekit_memprobe.cli.outputs import TERMINAL, Output
from cachekit_memprobe.cli.publication import Publication
from cachekit_memprobe.errors import MemprobeError
from cachekit_memprobe.report.private import without_source
from cachekit_memprobe.report.terminal import render_report
from cachekit_memprobe.report.words import (
    modified_lines,
    prediction_lines,
    scenario_line,
    skipped_lines,
    worker_lines,
)
from cachekit_memprobe.result import Report, Result
from cachekit_memprobe.runstore import RunFolder, write_atomically

_Finished = TypeVar("_Finished")
Show = Callable[[Console], None]

_FILE_WIDTH = 100
"""Columns of what is for a terminal and goes to a file, which has none."""


def publish(
    report: Report,
    publication: Publication,
    run: RunFolder,
    *,
    names: Collection[str] = (),
    brief: Show | None = None,
) -> None:
    """Show a report as tables, or quietly as one line a scenario, and write it in other formats.

    Args:
        run: has the captures, of which flame graphs are made.
        names: of scenarios, these only.
        brief: shows it in place of the tables, unless they are asked for in full.

    Raises:
        MemprobeError: a file can't be written; the report has been shown nevertheless.
    """
    chosen = tuple(result for result in report.results if not names or result.scenario.name in names)
    written, shown, output = replace(report, results=chosen), report, publication.output
    if publication.no_source:
        written = without_source(written)
        if output is not None and output.format == TERMINAL:
            shown, names = written, [result.scenario.name for result in written.results if names]
    show: Show = partial(_show, shown, names=names, full=publication.full)
    if publication.quiet:
        show = partial(_show_quietly, shown)
    elif brief is not None and not publication.full:
        show = brief
    if not publication.github:
        _publish(written, chosen, publication, run, show)
        return
    try:
        _publish(written, chosen, publication, run, without_commands(show))
    finally:
        tell_github(written, publication.checkout, err=publication.takes_stdout)


def _publish(
    written: Report, chosen: Sequence[Result], publication: Publication, run: RunFolder, show: Show
) -> None:
    output = publication.output
    if not publication.flamegraph:
        write(written, publication.files, output, show)
        return
    graphs = FlameGraphs(pages_beside(publication.outputs), run)
    links, failures = graphs.write(chosen, written)
    files = [graphs.linked(one, links) for one in publication.files]
    write(written, files, output and graphs.linked(output, links), show)
    if failures:
        raise MemprobeError("; ".join(failures))


def write(
    value: _Finished, files: Sequence[Output[_Finished]], output: Output[_Finished] | None, show: Show
) -> None:
    """Write a finished value to its files, and show it, unless ``output`` takes the place of that.

    What is on stdout in a format has it to itself: what is shown goes to stderr then.

    Raises:
        MemprobeError: files can't be written; all else was.
    """
    outputs = [*files, *((output,) if output else ())]
    texts = ((one, _plain(show) if one.format == TERMINAL else one.format.render(value)) for one in outputs)
    failed: list[str] = []
    try:
        for one, text in texts:
            try:
                _write(one, text)
            except MemprobeError as error:
                failed.append(str(error))
        if failed:
            raise MemprobeError("; ".join(failed))
    finally:
        if output is None:
            show(stderr_console() if any(one.is_stdout for one in files) else stdout_console())


def _show(report: Report, console: Console, *, names: Collection[str], full: bool) -> None:
    shown = render_report(report, width=console.width, names=names, full=full, titles=_titles())
    console.print(shown, crop=False)  # a command has no line break in it, however long it is


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


def _plain(show: Show) -> str:
    """What is shown, without colours."""
    text = io.StringIO()
    show(
        PlainConsole(
            file=text, width=_FILE_WIDTH, color_system=None, highlight=False, markup=False, emoji=False
        )
    )
    return text.getvalue()


def _write(output: Output[_Finished], text: str) -> None:
    path = Path(output.path)
    if output.is_stdout:
        # As bytes: a format is UTF-8, whatever the terminal's encoding is.
        click.echo(text.encode(), nl=False)
    elif path.exists() and not path.is_file():
        # A device or a pipe, such as /dev/stderr: it must not be replaced by a file.
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise MemprobeError(f"can't write {printable(path)}: {error.strerror}") from None
    else:
        write_atomically(path, text)
