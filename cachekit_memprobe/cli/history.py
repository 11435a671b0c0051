"""``history``: releases, or versions of a package, as an axis; and which of them changed a figure."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.compare_options import fail_on_option
from cachekit_memprobe.cli.help import Group, command, grouped, option
from cachekit_memprobe.cli.history_options import AlongOptions, along_options, for_many_points
from cachekit_memprobe.cli.history_reports import check_reports, with_reports
from cachekit_memprobe.cli.options import UserPath, parsed_sizes
from cachekit_memprobe.cli.outputs import Output, check_outputs, file_options
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.cli.publish import write
from cachekit_memprobe.cli.requests import size_of
from cachekit_memprobe.cli.run_options import (
    ServerOptions,
    measuring_options,
    own_servers_of,
    server_options,
)
from cachekit_memprobe.cli.table_file import check_table_file, table_file
from cachekit_memprobe.comparison import Allowance
from cachekit_memprobe.errors import EXIT_OK, EXIT_OVER_BUDGET, EXIT_UNMEASURED, UsageError
from cachekit_memprobe.history import History
from cachekit_memprobe.metrics import QUICK
from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.report.history.formats import HISTORY_FORMATS
from cachekit_memprobe.report.words import HEADLINE_METRICS
from cachekit_memprobe.request import Request
from cachekit_memprobe.runstore import Histories, histories_folder

if TYPE_CHECKING:
    from rich.console import Console

    from cachekit_memprobe.chronicle import Plan, Stop
    from cachekit_memprobe.scenario import Size

DEFAULT = ("arrow-l1-hit", "arrow-file-get", "bytes-file-get", "ndarray-l1-hit")
_WORSE_BYTES = 1 << 20

_EXAMPLES = (
    "cachekit-memprobe history",
    "cachekit-memprobe history arrow-l1-hit --releases '>=0.9,<0.20'",
    "cachekit-memprobe history arrow-l1-hit --axis pandas=2.2.3,2.3.3,3.1.1",
    "cachekit-memprobe history --check",
    "cachekit-memprobe history --markdown issue.md --json history.json",
)
_EXIT_CODES = (
    (0, "measured, and with --check, the newest is no worse than the best before it"),
    (1, "with --check: the newest is worse than --fail-on allows"),
    (2, "the command line can't be used"),
    (3, "nothing could be measured, or with --check, nothing can be said of the newest"),
)


@command("history", examples=_EXAMPLES, exit_codes=_EXIT_CODES)
@click.argument("patterns", metavar="[SCENARIO]...", nargs=-1, shell_complete=completing.scenarios)
@for_many_points
@along_options
@option(
    "--check",
    group=Group.JUDGING,
    is_flag=True,
    help="End with 1 if the newest is worse than the best before it: by more than chance and 1 MiB in "
    f"{', '.join(HEADLINE_METRICS)}, or by more than --fail-on says.",
)
@fail_on_option
@option(
    "--size",
    "sizes",
    group=Group.MEASURING,
    callback=parsed_sizes,
    metavar="SIZE",
    help="Logical size of the cached value, as of run.  [default: each scenario's own]",
)
@server_options
@measuring_options
@option(
    "--out",
    group=Group.OUTPUT,
    type=UserPath(),
    metavar="DIR",
    help="Folder that keeps what is measured, to which later histories add.  [default: one in the user's "
    "state folder]",
)
@option(
    "--parquet",
    "table",
    group=Group.OUTPUT,
    type=UserPath(),
    metavar="FILE.parquet",
    help="Also write its figures as one table, for pandas, DuckDB and others.",
)
@grouped(Group.OUTPUT, file_options(HISTORY_FORMATS, "history"))
@exits
def history_command(
    patterns: tuple[str, ...],
    along: AlongOptions,
    check: bool,
    allowances: tuple[Allowance, ...],
    sizes: "tuple[Size, ...]",
    servers: ServerOptions,
    options: RunOptions,
    out: Path | None,
    table: Path | None,
    files: tuple[Output[History], ...],
) -> int:
    """Say since when a read costs what it costs: every release measured, and what changed a figure.

    SCENARIO is as of run; without one, four are measured that show most. Each release is measured as run
    --cachekit measures it, in an environment that is made once and kept. What was measured is kept as well:
    a history that is interrupted goes on where it was. pandas, pyarrow and the like are the same at all
    points.

    A step is a figure that differs from that of the point before by more than chance, and by more than
    1 MiB; shown with it are the lines of code that did it. Only rss and memray are used, unless --instrument
    says otherwise, and two reads are measured instead of five.
    """
    from cachekit_memprobe.chronicle import history_of

    _check(along, check, allowances, table, files)
    allowances = _allowances(check, allowances)
    store = Histories((out or histories_folder()).absolute())
    with ProgressDisplay(silent=False) as progress:
        plan = _plan(patterns, along, sizes, servers, _quicker(options), allowances, store, progress)
        from cachekit_memprobe.cli.history_listener import Display

        history = history_of(plan, store, Display(progress))

    def show(console: "Console") -> None:
        from cachekit_memprobe.report.history.terminal import render_history

        console.print(render_history(history))

    if along.part is not None:
        return EXIT_OK if history.is_measured else EXIT_UNMEASURED
    if table is not None:
        _write_table(history, table)
    write(history, with_reports(history, files), None, show)
    return _exit_code(history, allowances)


def _check(
    along: AlongOptions,
    check: bool,
    allowances: tuple[Allowance, ...],
    table: Path | None,
    files: tuple[Output[History], ...],
) -> None:
    """Refuse, before anything slow begins, what can't be done afterwards."""
    check_outputs(files)
    check_reports(files)
    if table is not None:
        check_table_file(table)
    if along.part is None:
        return
    shown = [one.option for one in files] + (["--parquet"] if table else [])
    judged = (["--check"] if check else []) + (["--fail-on"] if allowances else [])
    for name in (*shown, *judged):
        raise UsageError(
            f"{name}: a shard has no more than some of the points; give it to the history that has the "
            "folders of all shards in its --out"
        )


def _write_table(history: History, path: Path) -> None:
    from cachekit_memprobe.report.history.rows import history_schema, history_table

    with table_file(path, history_schema()) as write_table:
        write_table(history_table(history))


def _allowances(check: bool, given: tuple[Allowance, ...]) -> tuple[Allowance, ...]:
    if given or not check:
        return given
    return tuple(Allowance(metric, None, _WORSE_BYTES) for metric in HEADLINE_METRICS)


def _quicker(options: RunOptions) -> RunOptions:
    """With few instruments, unless the command line names some."""
    source = click.get_current_context().get_parameter_source("instruments")
    return options if source is ParameterSource.COMMANDLINE else replace(options, instruments=QUICK)


def _plan(
    patterns: tuple[str, ...],
    asked: AlongOptions,
    sizes: "tuple[Size, ...]",
    servers: ServerOptions,
    options: RunOptions,
    allowances: tuple[Allowance, ...],
    store: Histories,
    progress: ProgressDisplay,
) -> "Plan":
    from cachekit_memprobe.chronicle import Asked, Plan, along
    from cachekit_memprobe.scenario import expand, select

    own_servers = own_servers_of(servers)
    chosen = select(patterns or DEFAULT, allow_code=asked.allow_code)
    scenarios, _ = expand(chosen, sizes=sizes, axes=(), limits=())
    wanted = Asked(asked.releases, asked.pre, asked.yanked, asked.axis, asked.extras, options.stages)
    found = along(
        wanted,
        lambda release, is_same: bool(store.find(release, is_same, options, scenarios)),
        progress.preparing,
    )
    request = Request(patterns or DEFAULT, size_of(sizes), extras=asked.extras)
    return Plan(
        found.axis,
        _of_shard(found.stops, asked.part),
        scenarios,
        options,
        request,
        own_servers,
        allowances,
        found.notes,
    )


def _of_shard(stops: "tuple[Stop, ...]", part: tuple[int, int] | None) -> "tuple[Stop, ...]":
    """Every Mth, so that each shard has old and new ones, which don't take as long."""
    if part is None:
        return stops
    number, count = part
    if count > len(stops):
        raise UsageError(
            f"--shard {number}/{count}: a shard without any point would measure nothing; split into "
            f"{len(stops)} at most"
        )
    return stops[number - 1 :: count]


def _exit_code(history: History, allowances: Sequence[Allowance]) -> int:
    """What nothing can be said of outweighs what is over, as it does in a run."""
    statuses = {one.status for one in history.checks}
    if not history.is_measured or "unmeasured" in statuses or (allowances and not statuses):
        return EXIT_UNMEASURED
    return EXIT_OVER_BUDGET if "over" in statuses else EXIT_OK
