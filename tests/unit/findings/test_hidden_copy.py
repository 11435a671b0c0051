"""Where tracemalloc's balance is too low: the stages around the others, and arenas of small objects."""

import pytest

from cachekit_memprobe.findings import hidden_copy
from tests.unit.findings.made import at, evidence, line, stage

STATS = stage("stats", line("wrapper.py:732", 5.74, "unproven"), live=5.74, traced=2.73)


def test_frees_of_other_stages_hide_nothing() -> None:
    values = {"peak.heap": 6.74, "peak.tracemalloc": 6.74}
    assert list(hidden_copy.find(evidence(STATS, values=values))) == []


def test_what_the_whole_read_hides_may_be_this_stages() -> None:
    values = {"peak.heap": 6.74, "peak.tracemalloc": 5.74}
    (finding,) = hidden_copy.find(evidence(STATS, values=values))
    assert finding.message.startswith("tracemalloc doesn't see 1.00x (300.0 MB) that stats holds at the peak")


@pytest.mark.parametrize("values", [{}, {"peak.heap": 2.0, "peak.tracemalloc": 2.0}])
def test_any_other_stage_is_told_by_its_own_balance(values: dict[str, float]) -> None:
    rust = stage("decompress", line("standard_serializer.py:374", 2.0), live=2.0, traced=1.0)
    (finding,) = hidden_copy.find(evidence(rust, values=values))
    assert finding.place == at("decompress", "standard_serializer.py:374")


@pytest.mark.parametrize(("traced", "findings"), [(6.9, 0), (6.0, 1)])
def test_what_arenas_are_larger_than_their_objects_is_not_hidden(traced: float, findings: int) -> None:
    objects = stage("decode", line("base.py:493", 7.7), live=7.7, traced=traced)
    assert len(list(hidden_copy.find(evidence(objects)))) == findings
