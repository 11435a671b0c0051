"""``explain``: what a finding means, and what a fix looks like."""

import click
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from cachekit_memprobe import pages
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.errors import EXIT_OK, UsageError
from cachekit_memprobe.report.layout import Trimmed

_ON_A_TERMINAL = Theme({"markdown.code": "cyan", "markdown.h1": "bold", "markdown.h2": "bold"})
"""rich's own style puts code on a black ground, whatever the terminal's is."""


@click.command("explain", short_help="Explain a finding by its code.")
@click.argument("code", required=False)
@exits
def explain_command(code: str | None) -> int:
    """Explain a finding: what it means, how to see it, what a fix looks like, and what it is not.

    CODE is what a report calls it, such as MEM001. Without one, every code is listed.
    """
    if code is None:
        stdout_console().print(Trimmed(_list()))
    else:
        _show(_page(code))
    return EXIT_OK


def _list() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for code, title in pages.titles().items():
        table.add_row(code, Text(title))
    return table


def _page(code: str) -> str:
    from cachekit_memprobe.scenario.problems import closest, did_you_mean

    known = pages.titles()
    if code.upper() not in known:
        matches = closest(code.upper(), known)
        remedy = did_you_mean(matches) if matches else f"there are {', '.join(known)}"
        raise UsageError(f"no finding has the code {code!r}; {remedy}")
    return pages.page_of(code.upper())


def _show(page: str) -> None:
    """Laid out on a terminal; elsewhere as it is, to be piped into something that reads Markdown."""
    console = stdout_console()
    if not console.is_terminal:
        click.echo(page, nl=False)
        return
    from rich.markdown import Markdown

    with console.use_theme(_ON_A_TERMINAL):
        console.print(Trimmed(Markdown(page, code_theme="ansi_dark", hyperlinks=False)))
