"""``list``: the bundled scenarios, and which of them can run here."""

from collections.abc import Mapping, Sequence

import click
from rich import box
from rich.table import Table
from rich.text import Text

from cachekit_memprobe import programs
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.cli.help import command
from cachekit_memprobe.errors import EXIT_OK, MemprobeError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.layout import Trimmed

_POLARS = "polars"


@command(
    "list",
    examples=(
        "cachekit-memprobe list",
        "cachekit-memprobe list 'redis-*'",
    ),
)
@click.argument("patterns", metavar="[SCENARIO]...", nargs=-1, shell_complete=completing.scenarios)
@exits
def list_command(patterns: tuple[str, ...]) -> int:
    """List the bundled scenarios: what each replays, and whether it can run here.

    With a SCENARIO only those are listed: a name, a pattern such as 'redis-*', a TOML file, or a folder.

    "Here" is the installed cachekit on this machine; another release is chosen with "run --cachekit".
    A scenario that runs "by name" is not part of a run that names no scenario.
    """
    from cachekit_memprobe.scenario import bundled_names, select

    scenarios = select(patterns or bundled_names())
    versions, here = _installed()
    console = stdout_console()
    console.print(Trimmed(_table(scenarios, versions)))
    console.print()
    console.print(Text(f"here: {clean_line(here)}"))
    return EXIT_OK


def _installed() -> tuple[Mapping[str, str], str]:
    """The versions of the installed cachekit and its libraries, and its name, or why there are none."""
    from cachekit_memprobe import target

    try:
        installed = target.resolve(target.INSTALLED)
        return installed.versions, installed.words
    except MemprobeError as error:
        return {}, str(error)


def _table(scenarios: Sequence[Scenario], versions: Mapping[str, str]) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("scenario", no_wrap=True, style="bold")
    table.add_column("replays", overflow="fold")
    table.add_column("needs", overflow="fold")
    table.add_column("runs here", overflow="fold")
    for scenario in scenarios:
        table.add_row(
            Text(clean_line(scenario.name)),
            Text(clean_line(scenario.summary)),
            ", ".join(scenario.needs) or "-",
            _runs_here(scenario, versions),
        )
    return table


def _runs_here(scenario: Scenario, versions: Mapping[str, str]) -> str:
    from cachekit_memprobe.scenario import why_not

    if "cachekit" not in versions:
        return "no"
    if why_not(scenario, versions["cachekit"]):
        return f"no, for {scenario.releases}" if scenario.releases else "no, release too old"
    if _lacks_server(scenario.caching.backend):
        return "no, no server"
    if _POLARS in scenario.needs and _POLARS not in versions:
        return "no, no polars"
    return "by name" if scenario.needs else "yes"


def _lacks_server(backend: str) -> bool:
    """Whether a server is missing that is looked for on the machine rather than brought along."""
    if backend == "redis":
        return programs.redis_server() is None
    return backend == "memcached" and programs.memcached() is None
