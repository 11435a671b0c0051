"""``runs``: the runs that are saved below the state folder: a list, the removal of old ones, an export."""

import sys
from collections.abc import Sequence
from datetime import datetime, timezone

import click

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.errors import EXIT_OK
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.runstore import Entry, entry_of, prune, runs_folder, saved_runs

_MOST_KEPT = 1_000_000


@click.group("runs", invoke_without_command=True)
@click.pass_context
def runs_command(context: click.Context) -> None:
    """List saved runs, the newest first; remove old ones, or export figures.

    Listed are the runs below the user's state folder, with the ids by which other commands take them. A run
    that --out put elsewhere is not among them. The verdict is the one that the run ended with; "report"
    judges again.
    """
    if context.invoked_subcommand is None:
        _list()


@exits
def _list() -> int:
    console = stdout_console()
    runs = runs_folder()
    entries = [entry_of(folder) for folder in saved_runs(runs)]
    # Whoever reads on no terminal, such as a script, gets all of it.
    for line in _lines(entries, console.width if console.is_terminal else sys.maxsize):
        console.out(line, highlight=False)
    if not entries:
        console.out(f"no run is saved in {printable(runs)}", highlight=False)
    return EXIT_OK


def _lines(entries: Sequence[Entry], width: int) -> list[str]:
    """A line a run. A table of rich's would take longer for a thousand of them than all the rest."""
    if not entries:
        return []
    rows = [("id", "began (UTC)", "measured", "scenarios", "verdict"), *map(_row, entries)]
    lines = _aligned(rows)
    if max(map(len, lines)) > width:
        # The id says when it began, and "report" the rest.
        lines = _aligned([(*row[:1], *row[2:4], row[4].partition(":")[0]) for row in rows])
    return lines


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    *widths, _ = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join((*map(str.ljust, row, widths), row[-1])).rstrip() for row in rows]


def _row(entry: Entry) -> tuple[str, ...]:
    single = len(entry.scenarios) == 1
    return (
        clean_line(entry.id),
        _minute(entry.created),
        clean_line(entry.target).removeprefix("cachekit "),
        clean_line(entry.scenarios[0]) if single else str(len(entry.scenarios) or ""),
        clean_line(entry.verdict_line),
    )


def _minute(created: str) -> str:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return clean_line(created)[:16]
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


@runs_command.command("prune")
@click.option(
    "--keep",
    type=click.IntRange(1, _MOST_KEPT),
    metavar="N",
    help="Keep the newest N, whatever their age.  [default: the newest 50 and all of the last 30 days, or "
    "what CACHEKIT_MEMPROBE_KEEP_RUNS says]",
)
@click.option("--dry-run", is_flag=True, help="Only say which would be removed.")
@exits
def prune_command(keep: int | None, dry_run: bool) -> int:
    """Remove old runs below the state folder, as each run does before it begins.

    A run that is being written or read stays, and so does one whose folder was renamed, or named by --out.
    """
    runs = runs_folder()
    removed = prune(runs, keep, only_say=dry_run)
    console = stdout_console()
    for folder in removed:
        console.out(folder.name, highlight=False)
    count = f"{len(removed)} run{'' if len(removed) == 1 else 's'}"
    done = f"{count} would be removed" if dry_run else f"{count} removed, {len(saved_runs(runs))} left"
    console.out(f"{done} in {printable(runs)}", highlight=False)
    return EXIT_OK
