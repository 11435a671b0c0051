"""A read that took another way than its scenario's is refused, with the likely reason."""

import pytest

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.route import EXPECTED, Counts, require_route
from cachekit_memprobe.child.task import Read


@pytest.mark.parametrize(("tier", "route"), EXPECTED)
@pytest.mark.parametrize("readers", [1, 8])
def test_each_reader_counts_once(tier: str, route: str, readers: int) -> None:
    require_route(EXPECTED[tier, route] * readers, Read(tier, route, readers=readers), "0.24.1")


@pytest.mark.parametrize(
    ("seen", "wanted", "reason"),
    [
        (Counts(misses=1, executions=1), Read("l1", "memory"), "the function ran"),
        (Counts(l2_hits=1, gets=1), Read("l1", "memory"), "L1 didn't hold the entry"),
        (Counts(l1_hits=1), Read("l2", "get"), "L1 answered first"),
        (Counts(l2_hits=1, l1_hits=7, gets=1), Read("l2", "get", readers=8), "shared a single read"),
        (Counts(l2_hits=1, gets=1), Read("l2", "map"), "fell back to get()"),
        (Counts(), Read("reference", "memory"), "doesn't count such a read"),
        (Counts(l1_hits=1, gets=1), Read("reference", "memory"), "unknown"),
    ],
)
def test_another_way_is_no_measurement(seen: Counts, wanted: Read, reason: str) -> None:
    with pytest.raises(CouldNotMeasure, match="did not go by tier") as caught:
        require_route(seen, wanted, "0.24.1")
    assert reason in str(caught.value)


def test_a_release_without_the_mapped_read_is_said_to_be_one() -> None:
    with pytest.raises(CouldNotMeasure, match="this release has no mmap read"):
        require_route(Counts(l2_hits=1, gets=1), Read("l2", "map"), "0.9.1")
