"""Arrow's other pools, whose counters stand in the journal."""

from memray import AllocatorType

from cachekit_memprobe.attribution.heap import heap_of
from cachekit_memprobe.child.seen import Note
from cachekit_memprobe.child.stages import DECODE, OTHER, UNWRAP, Place
from tests.unit.attribution.recorder import MIB, READER, MadeUp, Record

POOL = "Arrow's jemalloc pool"


def used(made_up: MadeUp, mib: int, alive_mib: int) -> None:
    made_up.mark(READER, Note("pool", size_bytes=mib * MIB, pool="jemalloc", alive_bytes=alive_mib * MIB))


def test_what_was_handed_out_is_the_stages_that_ends(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    used(made_up, 64, 64)
    made_up.enter(READER, DECODE)
    (block,) = made_up.blocks()
    assert (block.place, block.size_bytes, block.died) == (Place(UNWRAP, POOL), 64 * MIB, None)


def test_what_came_and_went_in_a_stage_counts_there(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    used(made_up, 64, 16)
    made_up.enter(READER, DECODE)
    heap = heap_of(made_up.blocks())
    (use,) = heap.places
    assert (use.copies_bytes, use.survived_bytes, heap.peak_bytes) == (64 * MIB, 16 * MIB, 64 * MIB)


def test_what_is_given_back_later_dies_there(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    used(made_up, 64, 64)
    made_up.enter(READER, DECODE)
    used(made_up, 0, 24)
    made_up.enter(READER, OTHER)
    kept, given_back = sorted(made_up.blocks(), key=lambda block: block.size_bytes)
    assert (kept.size_bytes, kept.died) == (24 * MIB, None)
    assert given_back.size_bytes == 40 * MIB
    assert given_back.died is not None


def test_the_address_space_that_a_pool_maps_is_not_counted_beside_it(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    stack = (("unwrap", "/env/cachekit/w.py", 12),)
    made_up.records.append(Record(READER, 80 * MIB, 1 << 30, AllocatorType.MMAP, stack))
    used(made_up, 64, 64)
    made_up.enter(READER, DECODE)
    heap = heap_of(made_up.blocks())
    (use,) = heap.places
    assert (use.place.line, use.copies_bytes, heap.peak_bytes) == (12, 64 * MIB, 64 * MIB)


def test_what_a_pool_gives_back_says_nothing_of_maps(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    used(made_up, 64, 64)
    made_up.enter(READER, DECODE)
    made_up.records.append(Record(READER, 8 * MIB, 1 << 30, AllocatorType.MMAP))
    used(made_up, 0, 0)
    made_up.enter(READER, OTHER)
    copies = {use.place.stage: use.copies_bytes for use in heap_of(made_up.blocks()).places}
    assert copies == {UNWRAP: 64 * MIB, DECODE: 8 * MIB}


def test_a_map_of_pythons_is_the_reads_own(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.mark(READER, Note("map"))
    made_up.records.append(Record(READER, 80 * MIB, 1 << 30, AllocatorType.MMAP))
    used(made_up, 64, 64)
    made_up.enter(READER, DECODE)
    assert sum(use.copies_bytes for use in heap_of(made_up.blocks()).places) == 144 * MIB
