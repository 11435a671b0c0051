"""``check``: measure what a project names, and judge it against the budgets that live with the project."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.cli.options import UserPath, out_option, target_options
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.cli.publication import Publication, run_publication
from cachekit_memprobe.cli.publish import publish
from cachekit_memprobe.cli.run_options import ServerOptions, measuring_options, own_servers_of, server_options
from cachekit_memprobe.model import Run, RunOptions
from cachekit_memprobe.report.breaches import render_check
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, Summary, check_unused

if TYPE_CHECKING:
    pass

_EPILOG = """\b
Examples:
  cachekit-memprobe check
  cachekit-memprobe check --quick
  cachekit-memprobe check 'arrow-*' --cachekit 0.10.0
  cachekit-memprobe check --explain
  cachekit-memprobe check --update-baseline
  git bisect run cachekit-memprobe check --quick --bisect

\b
Exit codes:
  0  everything was measured and is within its budget, or over soft limits only
  1  a hard limit was exceeded
  2  the command line, the configuration or the baseline can't be used
  3  something could not be measured, whatever else was found
With --bisect, 2 becomes 128, which ends the bisection, and 3 becomes 125,
which skips the commit."""


@click.command("check", epilog=_EPILOG)
@click.argument("patterns", metavar="[SCENARIO]...", nargs=-1)
@click.option(
    "--config",
    type=UserPath(),
    metavar="FILE",
    help="The project's configuration.  [default: [tool.cachekit-memprobe] in pyproject.toml, or "
    "memprobe.toml, here or in a folder above]",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Measure nothing; say which line of which file sets each limit, and which others it overrides.",
)
@target_options
@server_options
@measuring_options
@out_option
@run_publication
@click.pass_context
@exits
def check_command(
    ctx: click.Context,
    patterns: tuple[str, ...],
    config: Path | None,
    explain: bool,
    spec: str,
    python: Path | None,
    extras: tuple[str, ...],
    servers: ServerOptions,
    options: RunOptions,
    out: Path | None,
    publication: Publication,
) -> int:
    """Judge a project's cache reads against the budgets that live with the project.

    SCENARIO is a name or a pattern of what the configuration names; without one, all of it is checked.
    What the budgets are, and how to write them: docs/check.md.
    """
    from cachekit_memprobe import pipeline, target
    from cachekit_memprobe.cli.checked import checked_of
    from cachekit_memprobe.measuring import work_of

    # All that can be refused is refused before anything slow begins.
    own_servers = own_servers_of(servers)
    checked = checked_of(config, patterns, with_baseline=True)
    publication.check()
    check_unused(out)
    with ProgressDisplay(silent=publication.quiet) as progress:
        resolved = target.resolve(spec, python, progress.preparing, extras)
        target.check_stages(resolved, options.stages)
        planned = Run.planned(resolved, options, checked.scenarios)
        folder = RunFolder.create(out)
        request = Request(command="check", patterns=patterns, extras=extras)
        planned = replace(planned, request=request)
        progress.planned({scenario.name: work_of(scenario) for scenario in checked.scenarios})
        ended = None if publication.quiet else progress.ended
        report = pipeline.run(planned, folder, progress.measuring, own_servers, ended)
    try:
        folder.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
    finally:
        publish(report, publication, folder, brief=partial(_show, report))
    return exit_code(report)


def _show(report: Report, console: Console) -> None:
    console.print(render_check(report, width=console.width), crop=False)
