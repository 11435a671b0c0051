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


_INSTALLED = "installed"


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

    The budgets stand in [tool.cachekit-memprobe] of its pyproject.toml, or in its memprobe.toml. SCENARIO is
    a name or a pattern of what is named there; without one, all of it is checked.
    """
    from cachekit_memprobe.cli.check_files import refuse_unwritable
    from cachekit_memprobe.cli.explained import show_explained

    # All that can be refused is refused before anything slow begins.
    check.check(patterns, is_shard=shard.part is not None)
    own_servers = own_servers_of(servers)
    checked = _checked(check, patterns)
    if check.explain:
        show_explained(checked, stdout_console())
        return EXIT_OK
    scenarios, part = chosen_shard(checked.scenarios, shard)
    checked = checked.only(scenarios)
    publication = publication.within(checked.project.configuration.folder)
    publication.check()
    refuse_unwritable(checked, check)
    check_unused(out)
    request = Request(patterns, extras=extras, command="check", configuration=str(check.config or ""))
    is_said = ctx.get_parameter_source("spec") is not ParameterSource.DEFAULT or python is not None
    asked = _asked(spec if is_said else checked.project.cachekit, python, extras, checked)
    with ProgressDisplay(silent=publication.quiet) as progress:
        planned = replace(_planned(checked, asked, options, progress), request=request, shard=part)
        folder = RunFolder.create(out)
        report = _measured(checked, planned, folder, own_servers, progress, quiet=publication.quiet)
    _finished(checked, check, report, folder, publication, is_whole=not patterns)
    return exit_code(report)


def _checked(check: CheckOptions, patterns: tuple[str, ...]) -> Checked:
    with_baseline = not check.update_baseline
    return checked_of(check.config, patterns, with_baseline=with_baseline, baseline_file=check.baseline)


def _asked(spec: str, python: Path | None, extras: tuple[str, ...], checked: Checked) -> Asked:
    """What the configuration adds goes to the environment of a release, as there is no other to add to."""
    return Asked(spec, python, extras or (checked.project.extras if spec != _INSTALLED else ()))


def _planned(checked: Checked, asked: Asked, options: RunOptions, progress: ProgressDisplay) -> Run:
    from cachekit_memprobe import checking, target

    resolved = target.resolve(asked.spec, asked.python, progress.preparing, asked.extras)
    target.check_stages(resolved, options.stages)
    planned = Run.planned(resolved, options, checked.scenarios)
    configuration = checked.project.configuration
    baseline, file = checked.baseline, checked.baseline_file
    checking.refuse_incomparable(checked.relatives, baseline, file, planned, configuration)
    return planned


def _measured(
    checked: Checked,
    planned: Run,
    folder: RunFolder,
    own_servers: "OwnServers",
    progress: ProgressDisplay,
    *,
    quiet: bool,
) -> Report:
    from cachekit_memprobe import checking, pipeline
    from cachekit_memprobe.measuring import work_of

    progress.planned({scenario.name: work_of(scenario) for scenario in planned.scenarios})
    report = pipeline.run(planned, folder, progress.measuring, own_servers, None if quiet else progress.ended)
    baseline, file = checked.baseline, checked.baseline_file
    comparable = checking.with_comparable(report, checked.relatives, baseline, file)
    for before, after in zip(report.results, comparable.results, strict=True):
        if after.verdict != before.verdict:
            folder.save_reason(after.scenario.name, after.reason or "")
    return comparable


def _finished(
    checked: Checked,
    check: CheckOptions,
    report: Report,
    folder: RunFolder,
    publication: Publication,
    *,
    is_whole: bool,
) -> None:
    """Save the report, show it, and write into the project what was asked for."""
    from cachekit_memprobe.cli.check_files import tighten, update_baseline

    try:
        folder.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
    finally:
        publish(report, publication, folder, brief=partial(_show, report, _notes(checked, report)))
    if check.update_baseline:
        update_baseline(checked, report, is_whole=is_whole)
    if check.tighten:
        tighten(checked, report, check.headroom)


def _notes(checked: Checked, report: Report) -> tuple[str, ...]:
    """What the baseline was measured with, where that is something else."""
    from cachekit_memprobe import checking

    found = checking.differences(checked.relatives, checked.baseline, report.run)
    return (f"the baseline was measured with {'; '.join(found)}",) if found else ()


def _show(report: Report, notes: Sequence[str], console: Console) -> None:
    console.print(render_check(report, width=console.width, notes=notes), crop=False)
