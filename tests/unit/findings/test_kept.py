from dataclasses import replace

import pytest

from cachekit_memprobe.child.seen import Kept
from cachekit_memprobe.findings import kept
from cachekit_memprobe.model import Payload
from tests.unit.findings.made import NOTHING, at, evidence, retained, size

KEPT = Kept("cachekit.serializers.wrapper._KEPT", size(1.0), at("unwrap", "wrapper.py:140"))


def test_a_name_and_the_line_that_uses_it() -> None:
    (finding,) = kept.find(evidence(kept=[KEPT]))
    assert finding.place == at("unwrap", "wrapper.py:140")
    assert finding.message == (
        "cachekit.serializers.wrapper._KEPT still refers to 1.00x (300.0 MB) after the value was dropped, "
        "used in unwrap at cachekit/serializers/wrapper.py:140"
    )


def test_a_name_whose_line_was_not_found() -> None:
    (finding,) = kept.find(evidence(kept=[replace(KEPT, place=None)]))
    assert finding.place is None
    assert finding.message.endswith("after the value was dropped")


def test_what_stays_without_a_name() -> None:
    (finding,) = kept.find(evidence(values={"held.after": 1.0}))
    assert finding.place is None
    assert finding.message == (
        "1.00x (300.0 MB) stays after the value was dropped and every tier of the cache was emptied; no name "
        "in cachekit's modules was found to refer to it"
    )
    assert len(list(kept.find(evidence(kept=[KEPT], values={"held.after": 1.0})))) == 1


@pytest.mark.parametrize("values", [{}, {"held.after": 0.2}, {"held.after": -1.0}])
def test_nothing_kept_nothing_said(values: dict[str, float]) -> None:
    assert list(kept.find(evidence(values=values))) == []


@pytest.mark.parametrize(("size_mib", "after", "findings"), [(1, 0.9, 0), (8, 0.27, 0), (8, 0.5, 1)])
def test_an_arena_or_two_that_stray_objects_keep_are_no_leak(
    size_mib: int, after: float, findings: int
) -> None:
    small = Payload(size_mib << 20, size_mib << 20)
    assert len(list(kept.find(evidence(values={"held.after": after}, payload=small)))) == findings


def test_the_entry_that_a_backfill_puts_into_l1_is_no_leak() -> None:
    in_l1 = Kept("cachekit.l1_cache._global_l1_manager", size(1.0))
    assert list(kept.find(evidence(kept=[in_l1], backfill=True))) == []
    assert len(list(kept.find(evidence(kept=[in_l1])))) == 1
    assert len(list(kept.find(evidence(kept=[KEPT, in_l1], backfill=True)))) == 1
    assert len(list(kept.find(evidence(kept=[in_l1], backfill=True, values={"held.after": 1.0})))) == 1


def test_what_reads_of_a_small_value_leave_as_well_is_the_allocators() -> None:
    """Ten thousand small columns leave holes in malloc's heap, whatever is in them."""
    left = replace(NOTHING, anon_bytes=size(0.6))
    values = {"held.after": 0.5}
    told = list(kept.find(evidence(values=values, retained=retained())))
    quiet = list(kept.find(evidence(values=values, retained=replace(retained(), set_up=left))))
    assert (len(told), quiet) == (1, [])
