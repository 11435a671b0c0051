"""All scenarios of a run at a glance, as a table."""

from rich import box
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.report.styles import HEADING, VERDICT_STYLES
from cachekit_memprobe.report.view import AS_DEPLOYED
from cachekit_memprobe.report.words import HEADLINE_METRICS, summary_rows
from cachekit_memprobe.result import Report


def summary_table(report: Report) -> Table:
    """One row a scenario: its verdict and the three figures that say most."""
    table = Table(
        box=box.SIMPLE,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        caption=f"rss.peak {AS_DEPLOYED}" if report.run.options.as_deployed else None,
        caption_justify="left",
    )
    for heading in ("scenario", "verdict"):
        table.add_column(Text(heading, style=HEADING), overflow="fold")
    for metric in HEADLINE_METRICS:
        table.add_column(Text(metric, style=HEADING), justify="right", no_wrap=True)
    for row in summary_rows(report):
        verdict = Text(row.verdict_word, style=VERDICT_STYLES[row.verdict])
        table.add_row(Text(row.name), verdict, *row.figures)
    return table
