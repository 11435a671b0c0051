"""What ``check --explain`` prints: of each scenario its limits, and which line of which file sets each."""

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cachekit_memprobe import checking
from cachekit_memprobe.checking import Explanation
from cachekit_memprobe.cli.checked import Checked
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.layout import Trimmed
from cachekit_memprobe.report.styles import HEADING, QUIET


def show_explained(checked: Checked, console: Console) -> None:
    """Print it; nothing is measured."""
    console.print(Trimmed(*_parts(checked)), crop=False)


def _parts(checked: Checked) -> Iterable[RenderableType]:
    configuration = checked.project.configuration
    yield Text(f"configuration  {clean_line(configuration.file)}", overflow="fold")
    has = _baseline(checked)
    yield Text(f"baseline       {has}", overflow="fold")
    for scenario in checked.scenarios:
        figures = checked.baseline.scenarios.get(scenario.name) if checked.baseline else None
        rows = checking.explained(checked.held[scenario.name], configuration, figures)
        yield from (Text(), Rule(Text(clean_line(scenario.name), style=HEADING), align="left", style=QUIET))
        yield _table(rows) if rows else Text("no limit, so nothing that is measured can fail", style=QUIET)


def _baseline(checked: Checked) -> str:
    if checked.baseline is None:
        return "none"
    count = len(checked.baseline.scenarios)
    return f"{checked.baseline_file.name}, of {count} scenario{'s' if count != 1 else ''}"


def _table(rows: Iterable[Explanation]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style=HEADING)
    table.add_column("metric", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("limit", overflow="fold", max_width=24)
    table.add_column("set in", overflow="fold")
    for row in rows:
        where = Text(clean_line(row.set_in))
        for other in row.instead_of:
            where.append(f"\ninstead of {clean_line(other)}", style=QUIET)
        table.add_row(row.metric, row.level, Text(clean_line(row.limit)), where)
    return table
