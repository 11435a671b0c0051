"""What is proven brought together with what was allocated: whose memory a copy was made into."""

from dataclasses import replace
from typing import Any

import pytest

from cachekit_memprobe.attribution.block import Block, SeenBy
from cachekit_memprobe.attribution.proofs import Elsewhere, bring_together
from cachekit_memprobe.child import seen
from cachekit_memprobe.child.stages import DECODE, HANDOVER, OTHER, OUTSIDE, STATS, UNWRAP, Place
from cachekit_memprobe.result import MemoryOf

MIB = 1 << 20
LINE = Place(UNWRAP, "unwrap", "cachekit/w.py", 10)


def proven(place: Place = LINE, mib: int = 64, **also: Any) -> seen.Block:
    """A verbatim copy on one line."""
    block = seen.Block(place, (place.line, place.line), mib * MIB, "verbatim")
    return replace(block, **also)


def allocated(place: Place, mib: int = 64, seen_by: SeenBy = "") -> Block:
    return Block(place, mib * MIB, mib * MIB, 1, seen_by=seen_by)


def test_memory_of_its_own_needs_no_word() -> None:
    proofs = bring_together([proven()], [allocated(LINE)], 1)
    assert proofs.elsewhere == ()
    assert proofs.verbatim_bytes == {UNWRAP: 64 * MIB}


@pytest.mark.parametrize(("was_there", "memory_of"), [(True, "before"), (False, "unseen")])
def test_what_nothing_allocated_was_copied_elsewhere(was_there: bool, memory_of: MemoryOf) -> None:
    proofs = bring_together([proven(was_there=was_there)], [], 1)
    assert proofs.elsewhere == (Elsewhere(LINE, 64 * MIB, memory_of),)


def test_a_copy_into_older_memory_stands_on_the_line_that_wrote() -> None:
    wrote = Place(UNWRAP, "unwrap", "cachekit/w.py", 14)
    proofs = bring_together([proven(filled=wrote, was_there=True)], [], 1)
    assert proofs.elsewhere == (Elsewhere(wrote, 64 * MIB, "before"),)


def test_two_copies_are_not_made_of_one_allocation() -> None:
    proofs = bring_together([proven(was_there=True), proven(was_there=True)], [allocated(LINE)], 1)
    assert sum(entry.size_bytes for entry in proofs.elsewhere) == 64 * MIB


def test_an_allocation_of_no_stage_and_of_its_size_was_another_threads_for_it() -> None:
    stray, small = allocated(OUTSIDE, seen_by="thread"), allocated(OUTSIDE, 3, seen_by="thread")
    proofs = bring_together([proven()], [small, stray], 1)
    assert proofs.elsewhere == ()
    assert (stray.place, small.place) == (LINE, OUTSIDE)


def test_each_of_several_readers_has_its_own() -> None:
    strays = [allocated(OUTSIDE, seen_by="thread") for _ in range(3)]
    proofs = bring_together([proven()], strays, 2)
    assert proofs.verbatim_bytes == {UNWRAP: 128 * MIB}
    assert [stray.place for stray in strays] == [LINE, LINE, OUTSIDE]


def test_another_pool_is_its_stages_only() -> None:
    pools = [allocated(Place(stage, "Arrow's mimalloc pool"), seen_by="pool") for stage in (DECODE, UNWRAP)]
    bring_together([proven()], pools, 1)
    assert [block.place for block in pools] == [Place(DECODE, "Arrow's mimalloc pool"), LINE]


def test_what_a_stage_took_of_a_pool_may_be_several_copies() -> None:
    pool = allocated(Place(UNWRAP, "Arrow's mimalloc pool"), 64, seen_by="pool")
    assert bring_together([proven(mib=32), proven(mib=32)], [pool], 1).elsewhere == ()
    pool = allocated(Place(UNWRAP, "Arrow's mimalloc pool"), 64, seen_by="pool")
    assert len(bring_together([proven(mib=32)] * 3, [pool], 1).elsewhere) == 1


def test_an_earlier_line_made_no_memory_that_was_there_before() -> None:
    earlier = allocated(Place(UNWRAP, "unwrap", "cachekit/w.py", 4))
    assert bring_together([proven()], [earlier], 1).elsewhere == ()
    assert len(bring_together([proven(was_there=True)], [earlier], 1).elsewhere) == 1


def test_a_helper_that_allocated_just_as_much_made_it() -> None:
    helper = Place(UNWRAP, "_helper", "cachekit/x.py", 3)
    assert bring_together([proven()], [allocated(helper)], 1).elsewhere == ()
    assert bring_together([proven(was_there=True)], [allocated(helper)], 1).elsewhere != ()


def test_what_the_decorator_passes_on_takes_its_allocation_along() -> None:
    line = Place(STATS, "sync_wrapper", "cachekit/d.py", 7)
    passed_on, kept = allocated(line), allocated(Place(STATS, "sync_wrapper", "cachekit/d.py", 8))
    proof = proven(Place(HANDOVER, line.function, line.file, line.line), seen_in=STATS)
    proofs = bring_together([proof], [passed_on, kept], 1)
    assert (passed_on.place.stage, kept.place.stage) == (HANDOVER, STATS)
    assert proofs.elsewhere == ()


def test_without_memray_nothing_is_known_of_the_memory() -> None:
    proofs = bring_together([proven()], None, 1)
    assert (proofs.elsewhere, list(proofs.places.values())) == ((), [LINE])
    assert OTHER not in proofs.verbatim_bytes
