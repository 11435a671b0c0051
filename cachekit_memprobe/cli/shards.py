"""From ``--shard`` to the scenarios that are measured here."""

from typing import TYPE_CHECKING

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.runstore import RunFolder, costs_s, run_folder
from cachekit_memprobe.sweep import Shard

if TYPE_CHECKING:
    from cachekit_memprobe.cli.run_options import ShardOptions
    from cachekit_memprobe.model import Scenario


def chosen_shard(
    scenarios: "tuple[Scenario, ...]", shard: "ShardOptions"
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
