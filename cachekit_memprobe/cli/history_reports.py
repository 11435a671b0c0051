"""``history --html``: beside the page a folder with the report of each point, to which it links."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.formats import page
from cachekit_memprobe.cli.outputs import Output
from cachekit_memprobe.errors import MemprobeError, UsageError
from cachekit_memprobe.history import History
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, write_atomically

_PAGE = "html"


def check_reports(files: Sequence[Output[History]]) -> None:
    """Refuse, before anything is measured, what would be in the way of the reports.

    Raises:
        UsageError: something that is no folder has its name.
    """
    for one in filter(_is_page, files):
        folder = _folder_beside(one)
        if os.path.lexists(folder) and not folder.is_dir():
            raise UsageError(f"--html: {printable(folder)}, where the reports go, is not a folder")


def with_reports(history: History, files: Sequence[Output[History]]) -> list[Output[History]]:
    """The same outputs; the pages among them with links to reports, which are written now.

    Raises:
        MemprobeError: a report can't be written.
    """
    return [_linked(history, one) if _is_page(one) else one for one in files]


def _linked(history: History, output: Output[History]) -> Output[History]:
    from cachekit_memprobe import pipeline
    from cachekit_memprobe.report.history.html import history_html

    folder = _folder_beside(output)
    with pipeline.explaining() as explain:
        written = {
            run: dict(_written(run, history, folder, explain)) for run in dict.fromkeys(_runs(history))
        }
    links = {
        (scenario.name, number): written[cell.run][scenario.name]
        for scenario in history.scenarios
        for number, cell in enumerate(scenario.cells)
        if scenario.name in written.get(cell.run, {})
    }
    return replace(output, format=replace(output.format, render=partial(history_html, links=links)))


def _runs(history: History) -> Iterator[str]:
    """The run folders of what was measured."""
    for scenario in history.scenarios:
        yield from (cell.run for cell in scenario.cells if cell.run and cell.metrics)


def _written(
    run: str, history: History, folder: Path, explain: Callable[[RunFolder], Report]
) -> Iterator[tuple[str, str]]:
    """Write the page of a run; where in it each scenario is. Nothing if the run has gone meanwhile."""
    if history.folder is None:
        return
    try:
        report = explain(RunFolder.open(history.folder / run))
    except UsageError:
        return
    file = folder / f"{run.replace('/', '-')}.html"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise MemprobeError(f"can't make {printable(folder)}: {error.strerror}") from None
    write_atomically(file, page(report))
    for number, result in enumerate(report.results, 1):
        yield result.scenario.name, f"{quote(folder.name)}/{quote(file.name)}#s{number}"


def _folder_beside(output: Output[History]) -> Path:
    """``history-reports`` for ``history.html``."""
    path = Path(output.path)
    return path.with_name(f"{path.stem}-reports")


def _is_page(output: Output[History]) -> bool:
    return output.format.name == _PAGE and not output.is_stdout
