from dataclasses import replace

import pytest

from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import load_bundled, with_overrides

PEAK = Limit("rss.peak", 1.0, None, "error")
HEAP = Limit("peak.heap", None, 5, "warn")
BASE = replace(load_bundled("arrow-l1-hit"), budget=(PEAK, HEAP))


def test_nothing_to_override() -> None:
    assert with_overrides(BASE) == BASE


def test_another_size_changes_the_size_alone() -> None:
    changed = with_overrides(BASE, size_bytes=300_000_000)
    assert changed == replace(BASE, value=replace(BASE.value, logical_bytes=300_000_000))
    assert BASE.value.logical_bytes == 64 * 1024**2


def test_the_smallest_size() -> None:
    assert with_overrides(BASE, size_bytes=1).value.logical_bytes == 1


@pytest.mark.parametrize("size_bytes", [0, -1])
def test_a_size_is_positive(size_bytes: int) -> None:
    with pytest.raises(ValueError, match="not a positive size"):
        with_overrides(BASE, size_bytes=size_bytes)


@pytest.mark.parametrize(
    ("limits", "budget"),
    [
        ([replace(PEAK, payloads=3.0)], (replace(PEAK, payloads=3.0), HEAP)),
        ([Limit("rss.peak", None, 7, "warn")], (Limit("rss.peak", None, 7, "warn"), HEAP)),
        ([replace(PEAK, metric="rss.anon")], (PEAK, HEAP, replace(PEAK, metric="rss.anon"))),
        ([replace(PEAK, payloads=3.0), replace(PEAK, payloads=2.0)], (replace(PEAK, payloads=2.0), HEAP)),
    ],
)
def test_a_limit_replaces_that_of_its_metric(limits: list[Limit], budget: tuple[Limit, ...]) -> None:
    assert with_overrides(BASE, limits=limits) == replace(BASE, budget=budget)


def test_a_limit_replaces_those_for_every_kind_of_target() -> None:
    objects = Limit("rss.peak", 4.4, None, "error", "pandas<3")
    given = Limit("rss.peak", 2.0, None, "error")
    scenario = replace(BASE, budget=(objects, *BASE.budget))
    overridden = with_overrides(scenario, limits=[given]).budget
    assert [limit for limit in overridden if limit.metric == "rss.peak"] == [given]
    assert objects in with_overrides(scenario, size_bytes=1).budget
