"""``list``: the bundled scenarios, and which of them can run here."""

import click
from rich import box
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.errors import EXIT_OK, MemprobeError
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.layout import Trimmed


@click.command("list", short_help="List the bundled scenarios, and which can run here.")
@exits
def list_command() -> int:
    """List the bundled scenarios: what each replays, and whether it can run here.

    "Here" is the installed cachekit; another release is chosen with "run --cachekit".
    """
    from cachekit_memprobe.scenario import bundled_names, load_bundled

    release, problem = _installed_release()
    console = stdout_console()
    scenarios = [load_bundled(name) for name in bundled_names()]
    console.print(Trimmed(_table(scenarios, release)))
    console.print()
    console.print(Text(f"here: cachekit {release}" if release else f"here: {clean_line(problem)}"))
    return EXIT_OK


def _installed_release() -> tuple[str | None, str]:
    """The installed cachekit's release, or why there is none."""
    from cachekit_memprobe import target

    try:
        return target.resolve(target.INSTALLED).cachekit, ""
    except MemprobeError as error:
        return None, str(error)


def _table(scenarios: list[Scenario], release: str | None) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("scenario", no_wrap=True, style="bold")
    table.add_column("replays", overflow="fold")
    table.add_column("read", no_wrap=True)
    table.add_column("needs", overflow="fold")
    table.add_column("runs here", overflow="fold")
    for scenario in scenarios:
        table.add_row(
            Text(clean_line(scenario.name)),
            Text(clean_line(scenario.summary)),
            f"{scenario.read.tier} {scenario.read.route}",
            ", ".join(scenario.needs) or "-",
            _runs_here(scenario, release),
        )
    return table


def _runs_here(scenario: Scenario, release: str | None) -> str:
    from cachekit_memprobe.scenario import applies_to

    if release is None:
        return "no"
    if not applies_to(scenario, release):
        return f"no, for {scenario.releases}"
    return f"with {', '.join(scenario.needs)}" if scenario.needs else "yes"
