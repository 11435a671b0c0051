"""``runs``: the runs that are saved below the state folder: a list, the removal of old ones, an export."""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path

import click

from cachekit_memprobe.child.printable import printable, shortened
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.console import stderr_console, stdout_console
from cachekit_memprobe.cli.help import Commands, option
from cachekit_memprobe.cli.options import UserPath
from cachekit_memprobe.cli.table_file import check_table_file, table_file
from cachekit_memprobe.errors import EXIT_OK, EXIT_UNMEASURED, UsageError
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.rows import schema, table_of
from cachekit_memprobe.runstore import Entry, RunFolder, entry_of, prune, run_folder, runs_folder, saved_runs

_MOST_KEPT = 1_000_000
_LONGEST_NAME = 40
"""Of a scenario, in columns; one of a matrix has all of its keys in it."""


@click.command(
    "runs",
    cls=Commands,
    invoke_without_command=True,
    examples=(
        "cachekit-memprobe runs",
        "cachekit-memprobe runs prune --keep 20 --dry-run",
        "cachekit-memprobe runs export figures.parquet",
    ),
)
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
    name = shortened(clean_line(entry.scenarios[0]), _LONGEST_NAME) if single else ""
    return (
        clean_line(entry.id),
        _minute(entry.created),
        clean_line(entry.target).removeprefix("cachekit "),
        name or str(len(entry.scenarios) or ""),
        clean_line(entry.verdict_line),
    )


def _minute(created: str) -> str:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return clean_line(created)[:16]
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


@runs_command.command(
    "prune",
    short_help="Remove old runs.",
    examples=("cachekit-memprobe runs prune", "cachekit-memprobe runs prune --keep 20 --dry-run"),
)
@option(
    "--keep",
    type=click.IntRange(1, _MOST_KEPT),
    metavar="N",
    help="Keep the newest N.  [default: 50, or what CACHEKIT_MEMPROBE_KEEP_RUNS says]",
)
@option("--dry-run", is_flag=True, help="Only say which would be removed.")
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
    count = _runs(len(removed))
    done = f"{count} would be removed" if dry_run else f"{count} removed, {len(saved_runs(runs))} left"
    console.out(f"{done} in {printable(runs)}", highlight=False)
    return EXIT_OK


@runs_command.command(
    "export",
    short_help="Write figures of many runs as one table.",
    examples=(
        "cachekit-memprobe runs export figures.parquet",
        "cachekit-memprobe runs export figures.parquet last~1 last",
    ),
)
@click.argument("file", metavar="FILE.parquet", type=UserPath())
@click.argument("specs", metavar="[RUN]...", nargs=-1, type=UserPath(str), shell_complete=completing.runs)
@exits
def export_command(file: Path, specs: tuple[str, ...]) -> int:
    """Write figures of many runs as one table.

    FILE.parquet gets one row for each run, scenario and metric, for pandas, DuckDB and others. RUN is a
    folder or an id, as "report" takes it; without one, all runs below the state folder are exported. Each is
    judged again, against the budgets of that run.
    """
    from cachekit_memprobe import pipeline

    check_table_file(file)
    folders = _each_once([*map(run_folder, specs)] if specs else saved_runs(runs_folder()))
    broken = []
    with pipeline.explaining() as explained, table_file(file, schema()) as write:
        for folder in _with_progress(folders):
            try:
                report = explained(RunFolder.open(folder))
            except UsageError as error:
                if specs:
                    raise
                broken.append(f"left out: {printable(folder.name)}: {error}")
            else:
                write(table_of(report, folder.name))
    for line in broken:
        stderr_console().out(clean_line(line), highlight=False)
    written = f"{_runs(len(folders) - len(broken))} exported to {printable(file)}"
    stdout_console().out(written, highlight=False)
    return EXIT_UNMEASURED if broken else EXIT_OK


def _with_progress(folders: Sequence[Path]) -> Iterable[Path]:
    from rich.progress import track

    console = stderr_console()
    return track(folders, "exporting", console=console, transient=True, disable=not console.is_terminal)


def _each_once(folders: Sequence[Path]) -> list[Path]:
    """The folders, none of them twice; their names are the ids by which the table tells them apart.

    Raises:
        UsageError: there is none, or two have the same name.
    """
    found: dict[str, Path] = {}
    for folder in map(Path.absolute, folders):
        earlier = found.setdefault(folder.name, folder)
        if os.path.realpath(earlier) != os.path.realpath(folder):
            raise UsageError(
                f"{printable(earlier)} and {printable(folder)} have the same name, by which the table would "
                "have to tell the runs apart; rename one of them, or export it to another file"
            )
    if not found:
        raise UsageError(f"there is nothing to export: no run is saved in {printable(runs_folder())}")
    return list(found.values())


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"
