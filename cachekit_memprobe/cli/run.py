"""``run``: measure scenarios and judge them against their budgets."""

from pathlib import Path

import click

from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.cli.options import (
    json_option,
    parsed_limits,
    parsed_seconds,
    parsed_size,
    target_options,
)
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.cli.publish import check_json_file, publish
from cachekit_memprobe.metrics import INSTRUMENTS
from cachekit_memprobe.model import Limit, RunOptions, Scenario
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.runstore import RunFolder, check_unused

_EPILOG = """\b
Examples:
  cachekit-memprobe run
  cachekit-memprobe run arrow-l1-hit --size 300MB
  cachekit-memprobe run 'arrow-*' --cachekit 0.9.1
  cachekit-memprobe run my-scenario.toml --json - --out runs/today
  cachekit-memprobe run arrow-l1-hit --budget rss.peak=1.3x

\b
Exit codes:
  0  everything was measured and is within its budget
  1  a budget was exceeded
  2  the command line or a scenario file can't be used
  3  something could not be measured, whatever else was found
A scenario that does not apply to the release counts as none of these, but a
run in which nothing at all was measured ends with 3."""


@click.command("run", epilog=_EPILOG)
@click.argument("patterns", metavar="[SCENARIO]...", nargs=-1)
@click.option(
    "--size",
    callback=parsed_size,
    metavar="SIZE",
    help="Logical size of the cached value, such as 64MiB or 300MB.  [default: each scenario's own]",
)
@target_options
@click.option(
    "--reads",
    type=click.IntRange(min=1),
    metavar="N",
    default=3,
    show_default=True,
    help="Measured reads in the RSS process, the value dropped between them.",
)
@click.option(
    "--repeat",
    type=click.IntRange(min=1),
    metavar="N",
    default=1,
    show_default=True,
    help="Fresh RSS processes for each scenario, to see how far the figures spread.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=float,
    callback=parsed_seconds,
    metavar="SECONDS",
    default=300.0,
    show_default="300",
    help="Time that each measured process has.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    default=2,
    show_default=True,
    help="Scenarios to measure side by side; each needs memory for several payloads.",
)
@click.option(
    "--instrument",
    "instruments",
    type=click.Choice(INSTRUMENTS),
    multiple=True,
    help="Use only this instrument, so that only its metrics are measured; may be given several "
    "times.  [default: all]",
)
@click.option(
    "--budget",
    "limits",
    callback=parsed_limits,
    metavar="METRIC=LIMIT",
    multiple=True,
    help="Replace or add a limit, in payloads (rss.peak=1.3x) or as a size (copies.unwrap=10MB); "
    "may be given several times.",
)
@click.option(
    "--as-deployed",
    is_flag=True,
    help="Measure RSS with the target's own allocator settings, as in "
    "production, instead of pinned ones that make figures repeat.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="New folder for the raw observations "
    "and memray captures.  [default: one below the user's state folder]",
)
@json_option
@click.option(
    "--quiet", "-q", is_flag=True, help="One line for each scenario instead of tables; no progress."
)
@exits
def run_command(
    patterns: tuple[str, ...],
    size: int | None,
    spec: str,
    python: Path | None,
    reads: int,
    repeat: int,
    timeout_s: float,
    jobs: int,
    instruments: tuple[str, ...],
    limits: tuple[Limit, ...],
    as_deployed: bool,
    out: Path | None,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Replay cache reads and judge them against their memory budgets.

    SCENARIO is the name of a bundled scenario, a pattern such as 'arrow-*', or a TOML file. Without
    one, every bundled scenario that needs no server is run.
    """
    from cachekit_memprobe import pipeline, target

    # All that can be refused is refused before anything slow begins.
    scenarios = _scenarios(patterns, size, limits)
    check_json_file(json_file)
    check_unused(out)
    options = RunOptions(_in_order(instruments), reads, repeat, timeout_s, jobs, as_deployed)
    with ProgressDisplay(silent=quiet) as progress:
        resolved = target.resolve(spec, python, progress.preparing)
        folder = RunFolder.create(out)
        report = pipeline.run(scenarios, resolved, options, folder, progress.measuring)
    try:
        folder.save_report(to_json(report))
    finally:
        publish(report, json_file=json_file, quiet=quiet)
    return exit_code(report)


def _scenarios(
    patterns: tuple[str, ...], size_bytes: int | None, limits: tuple[Limit, ...]
) -> tuple[Scenario, ...]:
    from cachekit_memprobe.scenario import select, with_overrides

    return tuple(
        with_overrides(scenario, size_bytes=size_bytes, limits=limits) for scenario in select(patterns)
    )


def _in_order(instruments: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in INSTRUMENTS if name in instruments or not instruments)
