"""The sections of a sweep as the terminal lays them out: a matrix, several sizes, several workers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.report.layout import bullets, folded
from cachekit_memprobe.report.styles import HEADING, QUIET, VERDICT_STYLES, WARNING
from cachekit_memprobe.report.words.matrix import NO_BUDGET, SHORT_VERDICTS, broken, matrix_sections
from cachekit_memprobe.report.words.scaling import NO_FIT, scaling_meaning, scaling_sections
from cachekit_memprobe.report.words.tables import Section, TextTable
from cachekit_memprobe.report.words.workers import workers_section
from cachekit_memprobe.result import Report

_GAP = 2
_CELL_STYLES = {words: VERDICT_STYLES[verdict] for verdict, words in SHORT_VERDICTS.items()}


def matrix(report: Report, width: int) -> Iterable[RenderableType]:
    """One table for each scenario that a matrix was made of, and what has to be said of it."""
    for section in matrix_sections(report, width):
        yield _title(section)
        yield from map(_table, section.tables)
        yield from (Text(), *bullets(section.remarks))


def sizes(report: Report) -> Iterable[RenderableType]:
    """For each scenario its sizes, the fits through them, the predictions and remarks."""
    blocks = [block for section in scaling_sections(report) for block in _of_sizes(section, report)]
    if meaning := scaling_meaning(report):
        blocks.append(Group(*bullets(meaning)))
    for number, block in enumerate(blocks):
        yield from (block,) if number == 0 else (Text(), block)


def workers(report: Report, width: int) -> Iterable[RenderableType]:
    """One row a scenario, and the remarks."""
    section = workers_section(report)
    if section:
        yield from (_table(_with_names_folded(table, width)) for table in section.tables)
        yield from (Text(), Group(*bullets(section.remarks)))


def _with_names_folded(table: TextTable, width: int) -> TextTable:
    """The same table with the names in its first column as narrow as the other columns need them to be."""
    others = [
        max(map(len, (*broken(column.name).split("\n"), *cells))) + _GAP
        for column, cells in list(zip(table.columns, zip(*table.rows, strict=True), strict=True))[1:]
    ]
    room = width - sum(others)
    return replace(table, rows=tuple((folded(name, room), *cells) for name, *cells in table.rows))


def _of_sizes(section: Section, report: Report) -> Iterable[RenderableType]:
    """What belongs together, a blank line between."""
    tables: Sequence[RenderableType] = list(map(_table, section.tables))
    if report.run.sweep.axes:
        yield _title(section)
    else:
        yield Group(_title(section), tables[0])
        tables = tables[1:]
    yield from tables
    if section.remarks:
        yield Group(*bullets(section.remarks))


def _title(section: Section) -> Text:
    return Text.assemble((section.name, HEADING), f": {section.title}")


def _table(table: TextTable) -> Table:
    grid = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in table.columns:
        heading = Text(broken(column.name) if column.is_figure else column.name, style=HEADING)
        if column.is_figure:
            grid.add_column(heading, justify="right", no_wrap=True)
        else:
            grid.add_column(heading, overflow="fold", no_wrap=column.name == "verdict")
    for row in table.rows:
        grid.add_row(*(Text(cell, style=_style(cell)) for cell in row))
    return grid


def _style(cell: str) -> str:
    if cell == NO_BUDGET:
        return QUIET
    return WARNING if cell.endswith(NO_FIT) else _CELL_STYLES.get(cell, "")
