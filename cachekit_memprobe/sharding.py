"""What of a run each of several machines measures, so that all end at about the same time.

Each of them splits the scenarios by itself. So what they split by has to be the same everywhere: it is the
scenarios, and a run that all of them are given.
"""

from collections.abc import Mapping, Sequence

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.measuring import work_of
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario import recorded_cost_s
from cachekit_memprobe.sweep import Shard

_EACH_S = 3.0
_BYTES_PER_S = 60 << 20
"""What a scenario takes that nobody has measured, as a line through those that were."""


def shard_of(
    scenarios: Sequence[Scenario], number: int, count: int, known_s: Mapping[str, float]
) -> tuple[tuple[Scenario, ...], Shard]:
    """The scenarios of one shard, in their order.

    Args:
        known_s: how long scenarios took, by their names.

    Raises:
        UsageError: there are more shards than scenarios: one that measures nothing would be no verdict.
    """
    if count > len(scenarios):
        raise UsageError(
            f"--shard {number}/{count}: there {_are(len(scenarios))}, and a shard without any would "
            f"measure nothing; split into {len(scenarios)} at most"
        )
    costs_s = {one.name: known_s.get(one.name) or cost_s(one) for one in scenarios}
    own = balanced(costs_s, count)[number - 1]
    chosen = tuple(scenario for scenario in scenarios if scenario.name in own)
    return chosen, Shard(number, count, tuple(costs_s))


def balanced(costs: Mapping[str, float], count: int) -> list[set[str]]:
    """The names in so many parts, each of which gets the costliest that is left while it has the least."""
    parts: list[set[str]] = [set() for _ in range(count)]
    loads = [0.0] * count
    for name in sorted(costs, key=lambda name: (-costs[name], name)):
        # No part stays empty, whatever a cost is.
        least = min(range(count), key=lambda part: (loads[part], len(parts[part]), part))
        parts[least].add(name)
        loads[least] += costs[name]
    return parts


def cost_s(scenario: Scenario) -> float:
    """About how long a scenario takes beside others."""
    recorded_s = recorded_cost_s(scenario)
    return _EACH_S + work_of(scenario) / _BYTES_PER_S if recorded_s is None else recorded_s


def _are(count: int) -> str:
    return f"are {count} scenarios" if count != 1 else "is 1 scenario"
