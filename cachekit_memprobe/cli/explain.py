"""``explain``: what a finding, a stage or a metric means."""

from collections.abc import Mapping

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from cachekit_memprobe import pages
from cachekit_memprobe.child.stages import ROWS, STAGES
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.cli.explanations import metric_page, stage_page
from cachekit_memprobe.cli.help import command
from cachekit_memprobe.errors import EXIT_OK, UsageError
from cachekit_memprobe.metrics import METRICS, NAMES
from cachekit_memprobe.report.layout import Trimmed

_ON_A_TERMINAL = Theme({"markdown.code": "cyan", "markdown.h1": "bold", "markdown.h2": "bold"})
"""rich's own style puts code on a black ground, whatever the terminal's is."""


@command(
    "explain",
    examples=(
        "cachekit-memprobe explain",
        "cachekit-memprobe explain MEM006",
        "cachekit-memprobe explain unwrap",
        "cachekit-memprobe explain rss.peak",
    ),
)
@click.argument("name", required=False, shell_complete=completing.explained)
@exits
def explain_command(name: str | None) -> int:
    """Explain what a report says.

    NAME is the code of a finding, such as MEM001, a stage, such as unwrap, or a metric, such as
    rss.peak. Without it, all of them are listed.
    """
    if name is None:
        stdout_console().print(Trimmed(_list()))
    else:
        _show(_page(name))
    return EXIT_OK


def _list() -> Group:
    """What can be explained, in groups."""
    groups = {
        "findings": pages.titles(),
        "stages": {row.name: row.meaning for row in ROWS},
        "metrics": {metric.name: metric.meaning for metric in METRICS},
    }
    width = max(len(name) for names in groups.values() for name in names)
    parts: list[RenderableType] = []
    for title, names in groups.items():
        parts.extend((*((Text(),) if parts else ()), Text(title, style="bold"), _table(names, width)))
    return Group(*parts)


def _table(names: Mapping[str, str], width: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=width + 2)
    table.add_column(overflow="fold")
    for name, meaning in names.items():
        table.add_row(f"  {name}", Text(meaning))
    return table


def _page(name: str) -> str:
    from cachekit_memprobe.guesses import closest, did_you_mean, guess

    if name.upper() in pages.titles():
        return pages.page_of(name.upper())
    if name.lower() in STAGES:
        return stage_page(name.lower())
    metrics = {*NAMES, *(metric.name for metric in METRICS)}
    if name.lower() in metrics:
        return metric_page(name.lower())
    codes = closest(name.upper(), pages.titles())
    listing = '"cachekit-memprobe explain" lists them'
    remedy = did_you_mean(codes) if codes else guess(name.lower(), (*STAGES, *sorted(metrics)), listing)
    raise UsageError(f"{name!r} is no finding's code, no stage and no metric; {remedy}")


def _show(page: str) -> None:
    """Laid out on a terminal; elsewhere as it is, to be piped into something that reads Markdown."""
    console = stdout_console()
    if not console.is_terminal:
        click.echo(page, nl=False)
        return
    from rich.markdown import Markdown

    with console.use_theme(_ON_A_TERMINAL):
        console.print(Trimmed(Markdown(page, code_theme="ansi_dark", hyperlinks=False)))
