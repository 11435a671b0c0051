"""``check``: measure what a project names, and judge it against the budgets that live with the project."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from rich.console import Console

from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.check_options import CheckOptions, check_options
from cachekit_memprobe.cli.checked import Checked, checked_of
from cachekit_memprobe.cli.console import stdout_console
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.cli.help import command
from cachekit_memprobe.cli.options import out_option, target_options
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.cli.publication import Publication, check_publication
from cachekit_memprobe.cli.publish import publish
from cachekit_memprobe.cli.run_options import (
    ServerOptions,
    measuring_options,
    own_servers_of,
    server_options,
)
from cachekit_memprobe.cli.shards import ShardOptions, chosen_shard, shard_options
from cachekit_memprobe.errors import EXIT_OK
from cachekit_memprobe.model import Run, RunOptions
from cachekit_memprobe.report.breaches import render_check
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.request import Request
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, Summary, check_unused

if TYPE_CHECKING:
    from cachekit_memprobe.servers import OwnServers
    from cachekit_memprobe.sweep import Shard

_EXAMPLES = (
    "cachekit-memprobe check",
    "cachekit-memprobe check --quick",
    "cachekit-memprobe check 'arrow-*' --cachekit 0.10.0",
    "cachekit-memprobe check --explain",
    "cachekit-memprobe check --update-baseline",
    "cachekit-memprobe check --tighten --headroom 10%",
    "git bisect run cachekit-memprobe check --quick --bisect",
)
_EXIT_CODES = (
    (0, "everything was measured and is within its budget, or over a soft limit"),
    (1, "a hard limit was exceeded"),
    (2, "the command line, the configuration or the baseline can't be used"),
    (3, "something could not be measured, whatever else was found"),
)
_REMARK = "With --bisect, 3 is 125, which skips the commit, and 2 is 128, which ends the bisection."


@dataclass(frozen=True)
class Asked:
    """Which cachekit is measured, see :func:`.target.resolve`."""

    spec: str
    python: Path | None
    extras: tuple[str, ...]


@command("check", examples=_EXAMPLES, exit_codes=_EXIT_CODES, remark=_REMARK)
@click.argument("patterns", metavar="[SCENARIO]...", nargs=-1, shell_complete=completing.scenarios)
@check_options
@shard_options
@target_options
@server_options
@measuring_options
@out_option
@check_publication
@click.pass_context
@exits
def check_command(
    ctx: click.Context,
    patterns: tuple[str, ...],
    check: CheckOptions,
    shard: ShardOptions,
    spec: str,
    python: Path | None,
    extras: tuple[str, ...],
    servers: ServerOptions,
    options: RunOptions,
    out: Path | None,
    publication: Publication,
) -> int:
    """Judge a project's cache reads against the budgets that live with the project.

    They stand in [tool.cachekit-memprobe] of its pyproject.toml, or in its memprobe.toml. SCENARIO is a
    name or a pattern of what is named there; without one, all of it is checked.
    """
    from cachekit_memprobe.cli.check_files import tighten, update_baseline
    from cachekit_memprobe.cli.explained import show_explained

    # All that can be refused is refused before anything slow begins.
    check.check(patterns, is_shard=shard.part is not None)
    own_servers = own_servers_of(servers)
    checked = checked_of(
        check.config, patterns, with_baseline=not check.update_baseline, baseline_file=check.baseline
    )
    if check.explain:
        show_explained(checked, stdout_console())
        return EXIT_OK
    scenarios, part = chosen_shard(checked.scenarios, shard)
    publication = publication.within(checked.project.configuration.folder)
    publication.check()
    check_unused(out)
    request = Request(
        patterns=patterns, extras=extras, command="check", configuration=str(check.config or "")
    )
    if ctx.get_parameter_source("spec") is ParameterSource.DEFAULT and python is None:
        spec = checked.project.cachekit
    asked = Asked(spec, python, extras or (checked.project.extras if spec != "installed" else ()))
    report, folder = _measured(
        checked.only(scenarios), part, asked, options, own_servers, out, request, publication
    )
    try:
        folder.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
    finally:
        publish(report, publication, folder, brief=partial(_show, report, _notes(checked, report)))
    if check.update_baseline:
        update_baseline(checked, report, is_whole=not patterns)
    if check.tighten:
        tighten(checked, report, check.headroom)
    return exit_code(report)


def _measured(
    checked: Checked,
    shard: "Shard | None",
    asked: Asked,
    options: RunOptions,
    own_servers: "OwnServers",
    out: Path | None,
    request: Request,
    publication: Publication,
) -> tuple[Report, RunFolder]:
    from cachekit_memprobe import checking, pipeline, target
    from cachekit_memprobe.measuring import work_of

    with ProgressDisplay(silent=publication.quiet) as progress:
        resolved = target.resolve(asked.spec, asked.python, progress.preparing, asked.extras)
        target.check_stages(resolved, options.stages)
        planned = Run.planned(resolved, options, checked.scenarios)
        planned = replace(planned, request=request, shard=shard)
        configuration = checked.project.configuration
        checking.refuse_incomparable(checked.relatives, checked.baseline, planned, configuration)
        folder = RunFolder.create(out)
        progress.planned({scenario.name: work_of(scenario) for scenario in checked.scenarios})
        ended = None if publication.quiet else progress.ended
        report = pipeline.run(planned, folder, progress.measuring, own_servers, ended)
    comparable = checking.with_comparable(report, checked.relatives, checked.baseline)
    for before, after in zip(report.results, comparable.results, strict=True):
        if after.verdict != before.verdict:
            folder.save_reason(after.scenario.name, after.reason or "")
    return comparable, folder


def _notes(checked: Checked, report: Report) -> tuple[str, ...]:
    """What the baseline was measured with, where that is something else."""
    from cachekit_memprobe import checking

    found = checking.differences(checked.relatives, checked.baseline, report.run)
    return (f"the baseline was measured with {'; '.join(found)}",) if found else ()


def _show(report: Report, notes: Sequence[str], console: Console) -> None:
    console.print(render_check(report, width=console.width, notes=notes), crop=False)
