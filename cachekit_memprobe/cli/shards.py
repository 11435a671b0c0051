"""``--shard``: which of the scenarios are measured here, while other machines measure the others."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.gathered import gathered
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.cli.options import UserPath
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.runstore import RunFolder, costs_s, run_folder
from cachekit_memprobe.sweep import Shard

if TYPE_CHECKING:
    from cachekit_memprobe.model import Scenario


@dataclass(frozen=True)
class ShardOptions:
    """Which of how many shards, and the run by whose costs they are split."""

    part: tuple[int, int] | None
    costs: str | None


def parsed_shard(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Callback: ``2/5`` to the number of a shard and how many there are."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", value, re.ASCII)
    number, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= count:
        raise click.BadParameter(
            f"{value!r} is not the number of a shard and how many there are; write it like 2/5", ctx, param
        )
    return number, count


shard_options = gathered(
    "shard",
    ShardOptions,
    option(
        "--shard",
        "part",
        callback=parsed_shard,
        metavar="N/M",
        help="Measure only shard N of M, such as 2/5, on each of M machines. Every scenario is in one shard, "
        "and all take about as long; merge joins their run folders.",
    ),
    option(
        "--shard-costs",
        "costs",
        metavar="RUN",
        type=UserPath(str),
        shell_complete=completing.runs,
        help="Split by how long the scenarios of this run took, which has to be the same in all shards.  "
        "[default: by a table of the bundled scenarios, and the size of the value]",
    ),
    group=Group.MEASURING,
)


def chosen_shard(
    scenarios: "tuple[Scenario, ...]", shard: ShardOptions
) -> "tuple[tuple[Scenario, ...], Shard | None]":
    """The scenarios of the shard; all of them where none was asked for.

    Raises:
        UsageError: there are more shards than scenarios, or the run of the costs can't be read.
    """
    from cachekit_memprobe.sharding import shard_of

    if shard.part is None:
        if shard.costs is not None:
            raise UsageError("--shard-costs says how to split what --shard measures; give --shard as well")
        return scenarios, None
    known_s = costs_s(RunFolder.open(run_folder(shard.costs)).path) if shard.costs is not None else {}
    return shard_of(scenarios, *shard.part, known_s)
