"""``doctor``: what can be measured here."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.cli.help import command, option
from cachekit_memprobe.cli.options import parsed_size, target_options
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.errors import EXIT_OK, EXIT_UNMEASURED, MemprobeError
from cachekit_memprobe.model import Target
from cachekit_memprobe.report.clean import clean
from cachekit_memprobe.report.layout import Trimmed

if TYPE_CHECKING:
    from cachekit_memprobe.doctor import Check

_STYLES = {"ok": "green", "limited": "bold yellow", "missing": "bold red"}


@command(
    "doctor",
    examples=(
        "cachekit-memprobe doctor",
        "cachekit-memprobe doctor --cachekit 0.9.1 --size 1GiB",
    ),
)
@target_options
@option(
    "--size",
    callback=parsed_size,
    metavar="SIZE",
    default="64MiB",
    show_default=True,
    help="Check that memory and disk are enough for a value of this logical size.",
)
@exits
def doctor_command(spec: str, python: Path | None, extras: tuple[str, ...], size: int) -> int:
    """Say what this machine and the target can and can't measure, and what to do about it.

    Ends with 3 when something is missing without which nothing can be measured.
    """
    from cachekit_memprobe.doctor import checks
    from cachekit_memprobe.scenario import select, with_overrides

    with ProgressDisplay(silent=False) as progress:
        target, problem = _resolved(spec, python, extras, progress)
        progress.preparing("examining")
        sized = [with_overrides(scenario, size_bytes=size) for scenario in select(())]
        found = checks(target, size, problem, sized)
    stdout_console().print(Trimmed(_table(found)))
    return EXIT_UNMEASURED if any(check.status == "missing" for check in found) else EXIT_OK


def _resolved(
    spec: str, python: Path | None, extras: tuple[str, ...], progress: ProgressDisplay
) -> tuple[Target | None, str | None]:
    """The target, or why there is none: with or without it the machine is examined."""
    from cachekit_memprobe import target

    try:
        return target.resolve(spec, python, progress.preparing, extras), None
    except MemprobeError as error:
        return None, str(error)


def _table(found: "tuple[Check, ...]") -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in found:
        words = f"{check.detail}\n{check.remedy}" if check.remedy else check.detail
        table.add_row(check.name, Text(check.status, style=_STYLES[check.status]), Text(clean(words)))
    return table
