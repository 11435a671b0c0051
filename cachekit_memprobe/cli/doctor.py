"""``doctor``: what can be measured here."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.cli.help import command, option
from cachekit_memprobe.cli.options import parsed_size, target_options
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.errors import EXIT_OK, EXIT_OVER_BUDGET, EXIT_UNMEASURED, MemprobeError
from cachekit_memprobe.model import Target
from cachekit_memprobe.report.clean import clean
from cachekit_memprobe.report.layout import Trimmed

_STYLES = {
    "ok": "green",
    "limited": "bold yellow",
    "missing": "bold red",
    "green": "green",
    "red": "bold red",
    "seen": "green",
    "not seen": "bold red",
}


@command(
    "doctor",
    examples=(
        "cachekit-memprobe doctor",
        "cachekit-memprobe doctor --cachekit 0.9.1 --size 1GiB",
        "cachekit-memprobe doctor --canary",
    ),
    exit_codes=(
        (0, "this machine can measure; with --canary: and the planted copy was found"),
        (1, "with --canary: the planted copy was not found, or not as large as it is"),
        (2, "the command line can't be used"),
        (3, "something is missing, or the canary could not be measured"),
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
@option(
    "--canary",
    is_flag=True,
    help="Also plant a copy of known size in a stage of a copy of the target's cachekit, measure it as run "
    "does, and say whether it was found. The installed files are not touched.",
)
@exits
def doctor_command(spec: str, python: Path | None, extras: tuple[str, ...], size: int, canary: bool) -> int:
    """Say what this machine and the target can and can't measure, and what to do about it.

    With --canary a CI machine proves that it can see: a stage of cachekit as it is must be green, and with a
    copy planted in it be red by 1.00x, for memray, aliasing and rss.
    """
    from cachekit_memprobe.doctor import checks
    from cachekit_memprobe.scenario import select, with_overrides

    with ProgressDisplay(silent=False) as progress:
        target, problem = _resolved(spec, python, extras, progress)
        progress.preparing("examining")
        sized = [with_overrides(scenario, size_bytes=size) for scenario in select(())]
        found = checks(target, size, problem, sized)
    rows = [
        (one.name, one.status, f"{one.detail}\n{one.remedy}" if one.remedy else one.detail) for one in found
    ]
    stdout_console().print(Trimmed(_table(rows)))
    if target is None or any(check.status == "missing" for check in found):
        return EXIT_UNMEASURED
    return _proven(target) if canary else EXIT_OK


def _proven(target: Target) -> int:
    """Whether a planted copy is seen."""
    from cachekit_memprobe.canary import canary
    from cachekit_memprobe.cli.canary_words import rows_of

    with ProgressDisplay(silent=False) as progress:
        sighting = canary(target, progress.measuring, progress.preparing)
    console = stdout_console()
    console.print()
    console.print(Trimmed(_table(rows_of(sighting))))
    return EXIT_OK if sighting.sees else EXIT_OVER_BUDGET


def _resolved(
    spec: str, python: Path | None, extras: tuple[str, ...], progress: ProgressDisplay
) -> tuple[Target | None, str | None]:
    """The target, or why there is none: with or without it the machine is examined."""
    from cachekit_memprobe import target

    try:
        return target.resolve(spec, python, progress.preparing, extras), None
    except MemprobeError as error:
        return None, str(error)


def _table(rows: Sequence[tuple[str, str, str]]) -> Table:
    """Of names, statuses, and what there is to say."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, status, words in rows:
        table.add_row(name, Text(status, style=_STYLES[status]), Text(clean(words)))
    return table
