"""Every scenario is in one shard, whichever machine splits them, and the shards take about as long."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.scenario import bundled_names, load_bundled, recorded_cost_s, with_overrides
from cachekit_memprobe.scenario.costs import SECONDS
from cachekit_memprobe.sharding import balanced, cost_s, shard_of
from cachekit_memprobe.sweep import Shard
from tests.golden.reports import SCENARIO

BUNDLED = [load_bundled(name) for name in bundled_names()]


@pytest.mark.parametrize("count", [1, 2, 5, len(BUNDLED)])
def test_every_scenario_is_in_exactly_one_shard(count: int) -> None:
    names = [one.name for one in BUNDLED]
    shards = [shard_of(BUNDLED, number, count, {}) for number in range(1, count + 1)]
    assert sorted(one.name for chosen, _ in shards for one in chosen) == sorted(names)
    assert [shard for _, shard in shards] == [
        Shard(number, count, tuple(names)) for number in range(1, count + 1)
    ]
    for chosen, _ in shards:
        assert chosen
        assert [one.name for one in chosen] == [name for name in names if name in {x.name for x in chosen}]


@given(
    costs=st.dictionaries(st.text(min_size=1), st.floats(0, 1e6), min_size=1, max_size=40),
    count=st.integers(1, 10),
)
def test_no_part_has_more_than_it_must(costs: dict[str, float], count: int) -> None:
    parts = balanced(costs, count)
    assert sorted(name for part in parts for name in part) == sorted(costs)
    assert all(parts) or len(costs) < count
    loads = [sum(costs[name] for name in part) for part in parts]
    # Without its last one, no part has more than the least loaded.
    for part, load in zip(parts, loads, strict=True):
        assert not part or load - min(costs[name] for name in part) <= min(loads) * (1 + 1e-9) + 1e-9


def test_the_order_of_the_scenarios_does_not_matter() -> None:
    one, _ = shard_of(BUNDLED, 2, 3, {})
    other, _ = shard_of(BUNDLED[::-1], 2, 3, {})
    assert {scenario.name for scenario in one} == {scenario.name for scenario in other}


def test_what_a_run_took_counts_for_more_than_a_guess() -> None:
    scenarios = [replace(SCENARIO, name=name) for name in ("a", "b", "c", "d")]
    slow = {"a": 9.0, "b": 3.0, "c": 3.0, "d": 3.0}
    assert [one.name for one in shard_of(scenarios, 1, 2, slow)[0]] == ["a"]
    assert [one.name for one in shard_of(scenarios, 2, 2, slow)[0]] == ["b", "c", "d"]


def test_more_shards_than_scenarios_are_refused_in_each_of_them() -> None:
    for number in (1, 3):
        with pytest.raises(UsageError, match=f"--shard {number}/3: there are 2 scenarios.*into 2 at most"):
            shard_of(BUNDLED[:2], number, 3, {})


def test_every_bundled_scenario_has_a_cost() -> None:
    assert sorted(SECONDS) == sorted(bundled_names())
    assert all(0 < seconds < 600 for seconds in SECONDS.values())


def test_a_cost_is_that_of_the_size() -> None:
    own = load_bundled("arrow-l1-hit")
    assert recorded_cost_s(own) == SECONDS["arrow-l1-hit"]
    assert cost_s(with_overrides(own, size_bytes=10 * own.value.logical_bytes)) > 2 * cost_s(own)
    assert recorded_cost_s(SCENARIO) is not None
    assert recorded_cost_s(replace(SCENARIO, source="mine.toml")) is None
    assert cost_s(replace(SCENARIO, source="mine.toml")) > 0
