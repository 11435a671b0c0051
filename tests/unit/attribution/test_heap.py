from dataclasses import replace

from cachekit_memprobe.attribution.block import Block
from cachekit_memprobe.attribution.heap import heap_of
from cachekit_memprobe.child.stages import Place

MIB = 1 << 20
UNWRAP = Place("unwrap", "unwrap", "cachekit/serializers/wrapper.py", 126)
DECODE = Place("decode", "deserialize", "cachekit/serializers/a.py", 10)


def made(place: Place, mib: int, born: int, died: int | None = None) -> Block:
    return Block(place, mib * MIB, mib * MIB, born, died)


def test_the_peak_is_what_was_live_together_and_by_whom() -> None:
    """Three blocks of 4, 2 and 3, of which the first is gone when the last comes."""
    blocks = [made(UNWRAP, 4, born=1, died=3), made(DECODE, 2, born=2), made(DECODE, 3, born=4)]
    heap = heap_of(blocks)
    assert heap.peak_bytes == 6 * MIB
    assert {use.place: use.live_bytes for use in heap.places} == {UNWRAP: 4 * MIB, DECODE: 2 * MIB}


def test_what_is_not_freed_is_held() -> None:
    blocks = [made(UNWRAP, 4, born=1, died=3), made(DECODE, 2, born=2), made(DECODE, 1, born=4)]
    assert {use.place: use.survived_bytes for use in heap_of(blocks).places} == {
        UNWRAP: 0,
        DECODE: 3 * MIB,
    }


def test_a_place_is_one_row_with_the_sum_of_its_copies_the_largest_first() -> None:
    blocks = [made(UNWRAP, 2, born=1), made(DECODE, 1, born=2), made(DECODE, 3, born=3)]
    rows = [(use.place, use.copies_bytes, use.allocations) for use in heap_of(blocks).places]
    assert rows == [(DECODE, 4 * MIB, 2), (UNWRAP, 2 * MIB, 1)]


def test_a_block_that_grew_counts_its_growth_but_is_live_as_a_whole() -> None:
    first = Block(DECODE, 2 * MIB, 2 * MIB, born=1, died=2)
    grown = Block(DECODE, 5 * MIB, 3 * MIB, born=3)
    heap = heap_of([first, grown])
    (use,) = heap.places
    assert use.copies_bytes == heap.peak_bytes == use.live_bytes == use.survived_bytes == 5 * MIB


def test_a_file_map_is_no_heap() -> None:
    mapping = replace(made(UNWRAP, 8, born=1), backing="file")
    heap = heap_of([mapping, made(DECODE, 1, born=2)])
    assert heap.mapped_bytes == 8 * MIB
    assert heap.peak_bytes == MIB
    assert [(use.place, use.copies_bytes, use.mapped_bytes) for use in heap.places] == [
        (UNWRAP, 0, 8 * MIB),
        (DECODE, MIB, 0),
    ]


def test_the_first_of_two_equal_peaks_counts() -> None:
    blocks = [made(UNWRAP, 4, born=1, died=2), made(DECODE, 4, born=3, died=4)]
    heap = heap_of(blocks)
    assert {use.place: use.live_bytes for use in heap.places} == {UNWRAP: 4 * MIB, DECODE: 0}


def test_a_read_that_allocates_nothing_has_an_empty_heap() -> None:
    heap = heap_of([])
    assert (heap.peak_bytes, heap.places, heap.mapped_bytes) == (0, (), 0)
