"""A read that took another way than its scenario's is refused, with the likely reason."""

import pytest

from cachekit_memprobe.replay.proof import EXPECTED, CannotMeasure, Counts, require_route


def read(tier: str, route: str, **more: object) -> dict[str, object]:
    return {"tier": tier, "route": route, **more}


@pytest.mark.parametrize(("tier", "route"), EXPECTED)
@pytest.mark.parametrize("readers", [1, 8])
def test_each_reader_counts_once(tier: str, route: str, readers: int) -> None:
    require_route(EXPECTED[tier, route] * readers, read(tier, route, readers=readers), "0.24.1")


@pytest.mark.parametrize(
    ("seen", "wanted", "reason"),
    [
        (Counts(misses=1, executions=1), read("l1", "memory"), "the function ran"),
        (Counts(l2_hits=1, gets=1), read("l1", "memory"), "L1 didn't hold the entry"),
        (Counts(l1_hits=1), read("l2", "get"), "L1 answered first"),
        (Counts(l2_hits=1, l1_hits=7, gets=1), read("l2", "get", readers=8), "shared a single read"),
        (Counts(l2_hits=1, gets=1), read("l2", "map"), "fell back to get()"),
        (Counts(), read("reference", "memory"), "doesn't count such a read"),
        (Counts(l1_hits=1, gets=1), read("reference", "memory"), "unknown"),
    ],
)
def test_another_way_is_no_measurement(seen: Counts, wanted: dict[str, object], reason: str) -> None:
    with pytest.raises(CannotMeasure, match="did not take the scenario's way") as caught:
        require_route(seen, wanted, "0.24.1")
    assert reason in str(caught.value)


def test_a_release_without_the_mapped_read_is_said_to_be_one() -> None:
    with pytest.raises(CannotMeasure, match="this release has no mmap read"):
        require_route(Counts(l2_hits=1, gets=1), read("l2", "map"), "0.9.1")
