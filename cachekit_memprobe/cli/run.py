"""``run``: measure scenarios and judge them against their budgets."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cachekit_memprobe import programs, variables
from cachekit_memprobe.child.printable import pasted
from cachekit_memprobe.child.task import Call
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.call_options import OwnCall, call_options
from cachekit_memprobe.cli.console import stderr_console
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.cli.help import Group, command, option
from cachekit_memprobe.cli.new_file import write_new
from cachekit_memprobe.cli.options import (
    out_option,
    parsed_limits,
    parsed_variables,
    target_options,
)
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.cli.publication import Publication, run_publication
from cachekit_memprobe.cli.publish import publish
from cachekit_memprobe.cli.requests import request_of
from cachekit_memprobe.cli.run_options import (
    DataOptions,
    ServerOptions,
    SweepOptions,
    data_options,
    how_options,
    measuring_options,
    own_servers_of,
    server_options,
    sweep_options,
)
from cachekit_memprobe.cli.shards import ShardOptions, chosen_shard, shard_options
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.metrics import MEMRAY, RSS, metric_of
from cachekit_memprobe.model import Limit, Run, RunOptions, Scenario
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.runstore import RunFolder, Summary, check_unused
from cachekit_memprobe.sweep import STORED, Sweep

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import HowCached
    from cachekit_memprobe.servers import OwnServers

_EXAMPLES = (
    "cachekit-memprobe run",
    "cachekit-memprobe run arrow-l1-hit --size 300MB",
    "cachekit-memprobe run 'arrow-*' --cachekit 0.9.1 -j 4",
    "cachekit-memprobe run arrow-l1-hit --instrument rss,memray",
    "cachekit-memprobe run my-scenario.toml --json - --out runs/today",
    "cachekit-memprobe run checks/",
    "cachekit-memprobe run --payload prices.parquet --tier l2 --backend redis",
    "cachekit-memprobe run --call shop.orders:load_orders --arg 2026-11-24",
    "cachekit-memprobe run arrow-l1-hit --size 64MB,128MB,256MB --predict 2GB",
    "cachekit-memprobe run --payload prices.parquet --size 50%,100%,200% \\",
    "  --predict 5000000",
    "cachekit-memprobe run arrow-l1-hit --matrix compression=none,zstd \\",
    "  --matrix tier=l1,l2 --workers 50",
)
_EXIT_CODES = (
    (0, "everything was measured and is within its budget"),
    (1, "a budget was exceeded"),
    (2, "the command line or a scenario file can't be used"),
    (3, "something could not be measured, whatever else was found"),
)
_REMARK = (
    "A scenario that does not apply to the release counts as none of these, but a run in which nothing at "
    "all was measured ends with 3."
)


@command("run", examples=_EXAMPLES, exit_codes=_EXIT_CODES, remark=_REMARK)
@click.argument("patterns", metavar="[SCENARIO]...", nargs=-1, shell_complete=completing.scenarios)
@data_options
@call_options
@how_options
@sweep_options
@option(
    "--budget",
    "limits",
    group=Group.JUDGING,
    callback=parsed_limits,
    shell_complete=completing.limits,
    metavar="METRIC=LIMIT",
    multiple=True,
    help="Replace or add a limit, in payloads (rss.peak=1.3x) or as a size (copies.unwrap=10MB). May be "
    "given several times.",
)
@option(
    "--env",
    "given",
    group=Group.MEASURING,
    callback=parsed_variables,
    metavar="NAME=VALUE",
    multiple=True,
    help="Give the measured processes this environment variable; they get no other of yours. One of an "
    "allocator (MALLOC_ARENA_MAX=2) needs --as-deployed. May be given several times.",
)
@shard_options
@target_options
@server_options
@measuring_options
@out_option
@run_publication
@exits
def run_command(
    patterns: tuple[str, ...],
    data: DataOptions,
    own: OwnCall,
    how: "HowCached",
    sweep: SweepOptions,
    limits: tuple[Limit, ...],
    given: dict[str, str],
    shard: ShardOptions,
    spec: str,
    python: Path | None,
    extras: tuple[str, ...],
    servers: ServerOptions,
    options: RunOptions,
    out: Path | None,
    publication: Publication,
) -> int:
    """Replay cache reads and judge them against their memory budgets.

    SCENARIO is the name of a bundled scenario, a pattern such as 'arrow-*', a TOML file, or a
    folder, of which all TOML files are run. Without one, all bundled scenarios are run that need nothing
    installed besides cachekit-memprobe.
    """
    from cachekit_memprobe import pipeline, target
    from cachekit_memprobe.measuring import work_of

    # All that can be refused is refused before anything slow begins.
    own_servers = own_servers_of(servers)
    chosen = _chosen(patterns, data, own, how, limits, own_servers)
    scenarios, multiplied = _multiplied(chosen, data, sweep, limits, given)
    _refuse_unmeasured(limits, multiplied, options)
    _refuse_pinned(scenarios, options)
    scenarios, part = chosen_shard(scenarios, shard)
    publication.check()
    if publication.flamegraph and MEMRAY not in options.instruments:
        raise UsageError("--flamegraph: memray makes it, and this run doesn't use memray")
    check_unused(out)
    with ProgressDisplay(silent=publication.quiet) as progress:
        resolved = target.resolve(spec, python, progress.preparing, extras)
        target.check_stages(resolved, options.stages)
        folder = RunFolder.create(out)
        request = request_of(patterns, data, own, how, sweep, limits, given, extras)
        planned = Run.planned(resolved, options, scenarios, multiplied)
        planned = replace(planned, request=request, shard=part)
        progress.planned({scenario.name: work_of(scenario) for scenario in scenarios})
        ended = None if publication.quiet else progress.ended
        report = pipeline.run(planned, folder, progress.measuring, own_servers, ended)
    try:
        folder.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
    finally:
        publish(report, publication, folder)
    return exit_code(report)


def _refuse_unmeasured(limits: tuple[Limit, ...], sweep: Sweep, options: RunOptions) -> None:
    """A limit that is asked for by name has to be judged, and any other figure to be measured."""
    if sweep.sort and not sweep.axes:
        raise UsageError("--sort orders the combinations of --matrix; give --matrix as well")
    asked = [(f"--budget {limit.metric}", limit.metric) for limit in limits]
    if sweep.sort and sweep.sort != STORED:
        asked.append((f"--sort {sweep.sort}", sweep.sort))
    if sweep.workers:
        asked.append(("--workers", "rss.total"))
    for asking, metric in asked:
        needed = metric_of(metric).instruments
        lacking = [instrument for instrument in needed if instrument not in options.instruments]
        if lacking:
            raise UsageError(
                f"{asking}: it is measured by {' and '.join(needed)}, and this run doesn't use "
                f"{' and '.join(lacking)}; add --instrument {','.join(lacking)}, or leave out "
                "--quick and --instrument"
            )


def _refuse_pinned(scenarios: tuple[Scenario, ...], options: RunOptions) -> None:
    """What a variable says of an allocator is only heard by one that isn't pinned."""
    named = {name for one in scenarios for name in one.environment if variables.is_allocator(name)}
    if named and not (options.as_deployed and RSS in options.instruments):
        raise UsageError(
            f"{', '.join(sorted(named))}: allocators are pinned, so that figures can be repeated; add "
            f"--as-deployed, with which the {RSS} instrument measures them as they are set"
        )


def _chosen(
    patterns: tuple[str, ...],
    data: DataOptions,
    own: OwnCall,
    how: "HowCached",
    limits: tuple[Limit, ...],
    own_servers: "OwnServers",
) -> tuple[Scenario, ...]:
    from cachekit_memprobe.scenario import select

    own.check()
    if own.call is not None:
        return (_of_function(patterns, data, own.call, how, limits),)
    if data.payload is not None:
        return (_own_scenario(patterns, data, how, limits),)
    _refuse_without_payload(data, how)
    return select(patterns, allow_code=own.allow_code) if patterns else _all_that_can_run(own_servers)


def _multiplied(
    chosen: tuple[Scenario, ...],
    data: DataOptions,
    sweep: SweepOptions,
    limits: tuple[Limit, ...],
    given: dict[str, str],
) -> tuple[tuple[Scenario, ...], Sweep]:
    from cachekit_memprobe.scenario import expand, refuse_given

    for one in chosen:
        refuse_given(given, one)
    chosen = tuple(replace(one, environment={**one.environment, **given}) for one in chosen)
    expanded, multiplied = expand(
        chosen, sizes=sweep.sizes, axes=sweep.axes, limits=limits, predict=sweep.predict
    )
    if data.payload is not None and data.save_scenario is not None:
        _save(chosen[0], data.save_scenario)
    return expanded, replace(multiplied, sort=sweep.sort, workers=sweep.workers or 0)


def _all_that_can_run(own_servers: "OwnServers") -> tuple[Scenario, ...]:
    """Every bundled scenario that needs no server; those of Redis where its server can be started."""
    from cachekit_memprobe.scenario import select

    scenarios = select(())
    if own_servers.redis_url or programs.redis_server():
        return scenarios
    left_out = [scenario.name for scenario in scenarios if scenario.caching.backend == "redis"]
    stderr_console().print(
        f"no Redis server can be started here, so these scenarios are not run: {', '.join(left_out)}; "
        "cachekit-memprobe doctor says what to do"
    )
    return tuple(scenario for scenario in scenarios if scenario.name not in left_out)


def _own_scenario(
    patterns: tuple[str, ...], data: DataOptions, how: "HowCached", limits: tuple[Limit, ...]
) -> Scenario:
    from cachekit_memprobe.scenario import payload_scenario

    assert data.payload is not None
    if patterns:
        raise UsageError(
            f"--payload makes a scenario of its own; leave out {' '.join(map(pasted, patterns))}, or run it "
            "separately"
        )
    return payload_scenario(data.payload, how, limits)


def _of_function(
    patterns: tuple[str, ...],
    data: DataOptions,
    call: Call,
    how: "HowCached",
    limits: tuple[Limit, ...],
) -> Scenario:
    from cachekit_memprobe.scenario import call_scenario

    if data.payload is not None:
        raise UsageError("--call and --payload each make a scenario of their own; give one of them")
    if patterns:
        raise UsageError(
            f"--call makes a scenario of its own; leave out {' '.join(map(pasted, patterns))}, or run it "
            "separately"
        )
    for name in how.given:
        if name != "tier":
            raise UsageError(
                f"--{name}: how {call.function} is cached is in its code; change it there"
                + ("; for a private backend, give --backend-override" if name == "backend" else "")
            )
    return call_scenario(call, tier=how.tier or "", budget=limits)


def _refuse_without_payload(data: DataOptions, how: "HowCached") -> None:
    if data.save_scenario is not None:
        raise UsageError("--save-scenario saves the scenario of --payload; give --payload as well")
    for name, value in how.words.items():
        raise UsageError(
            f"--{name} is for the data of --payload; to change {name} in a scenario, write --matrix "
            f"{name}={value}"
        )


def _save(scenario: Scenario, file: Path) -> None:
    from cachekit_memprobe.scenario import scenario_text

    write_new(file, scenario_text(scenario, file), remedy="give --save-scenario another name")
