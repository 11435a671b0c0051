from dataclasses import replace

import pytest

from cachekit_memprobe.child.seen import Cycle
from cachekit_memprobe.findings import cycle
from tests.unit.findings.made import at, evidence, size

MADE = at("unwrap", "wrapper.py:126")
THROUGH = at("unwrap", "wrapper.py:130")
AROUND = Cycle(("ValueError", "traceback", "frame"), size(1.0), MADE, THROUGH)


def uncollected(payloads: float) -> dict[str, float]:
    return {"growth.uncollected": payloads}


def test_says_what_forms_the_cycle_and_where_its_memory_was_made() -> None:
    (finding,) = cycle.find(evidence(values=uncollected(1.0), cycles=(AROUND,)))
    assert finding.message == (
        "1.00x (300.0 MB) per read, made at cachekit/serializers/wrapper.py:126, stays after the value was "
        "dropped, until the garbage collector runs: a reference cycle of ValueError, traceback, frame at "
        "cachekit/serializers/wrapper.py:130 leads to it. A loop that reads holds as much once more for each "
        "read until then"
    )
    assert finding.place == THROUGH


def test_one_that_no_line_takes_part_in_is_looked_for_where_its_memory_was_made() -> None:
    (finding,) = cycle.find(evidence(values=uncollected(1.0), cycles=(replace(AROUND, through=None),)))
    assert "cycle of ValueError, traceback, frame leads to it" in finding.message
    assert finding.place == MADE


def test_what_several_lines_made_is_one_sum() -> None:
    mapped = replace(AROUND, place=None, size_bytes=size(0.5))
    (finding,) = cycle.find(evidence(values=uncollected(1.5), cycles=(AROUND, mapped)))
    assert finding.message.startswith(
        "1.50x (450.0 MB) per read, 1.00x made at cachekit/serializers/wrapper.py:126 and 0.50x of a map, "
    )


def test_objects_whose_memory_can_not_be_looked_at_are_told_by_the_resident_set() -> None:
    (finding,) = cycle.find(evidence(values=uncollected(6.0), cycles=(Cycle(("list",), 0),)))
    assert finding.message.startswith("6.00x (1.8 GB) per read stays after the value was dropped")
    assert "a reference cycle of list leads to it" in finding.message


def test_as_deployed_the_cycle_alone_is_enough() -> None:
    (finding,) = cycle.find(evidence(cycles=(AROUND,), as_deployed=True))
    assert finding.message.startswith("1.00x (300.0 MB) per read, made at")


def test_of_several_readers_each_leaves_as_much() -> None:
    (finding,) = cycle.find(evidence(values=uncollected(8.0), cycles=(AROUND,), readers=8))
    assert finding.message.startswith("8.00x (2.4 GB) per read of 8 readers, made at")


@pytest.mark.parametrize("figure", [0.0, 0.03, -0.2])
def test_a_cycle_without_a_figure_that_is_worth_it_is_none(figure: float) -> None:
    assert not list(cycle.find(evidence(values=uncollected(figure), cycles=(AROUND,))))


def test_a_read_without_cycles_has_none() -> None:
    assert not list(cycle.find(evidence()))
