import pytest

from cachekit_memprobe.attribution.block import Block
from cachekit_memprobe.attribution.heap import PlaceUse, heap_of
from cachekit_memprobe.child.stages import Place

KIB = 1 << 10
RECEIVE = Place("backend_get", "get", "cachekit/backends/b.py", 1)
OTHER_LINE = Place("backend_get", "get", "cachekit/backends/b.py", 2)


def use_of(blocks: list[Block], place: Place = RECEIVE) -> PlaceUse:
    (use,) = (use for use in heap_of(blocks).places if use.place == place)
    return use


def one_after_the_other(count: int, size_bytes: int, place: Place = RECEIVE) -> list[Block]:
    return [Block(place, size_bytes, size_bytes, 2 * n, died=2 * n + 1) for n in range(count)]


def test_a_buffer_that_is_used_again_and_again_is_one_buffer() -> None:
    use = use_of(one_after_the_other(1000, 64 * KIB))
    assert (use.copies_bytes, use.allocations) == (64 * KIB, 1000)


def test_chunks_that_are_kept_count_all() -> None:
    chunks = [Block(RECEIVE, 4 * KIB, 4 * KIB, n, died=5000) for n in range(1000)]
    joined = Block(RECEIVE, 4000 * KIB, 4000 * KIB, 4000)
    assert use_of([*chunks, joined]).copies_bytes == 8000 * KIB


def test_large_blocks_count_each() -> None:
    assert use_of(one_after_the_other(10, 128 * KIB)).copies_bytes == 1280 * KIB


@pytest.mark.parametrize("place", [RECEIVE, OTHER_LINE])
def test_each_line_has_its_own(place: Place) -> None:
    blocks = [
        *one_after_the_other(10, 64 * KIB),
        *[Block(OTHER_LINE, 64 * KIB, 64 * KIB, 100 + n, died=200) for n in range(10)],
    ]
    assert use_of(blocks, place).copies_bytes == (64 if place == RECEIVE else 640) * KIB


def test_a_buffer_that_grows_counts_its_growth_once() -> None:
    """hiredis: 65 reallocations, 32 times the payload in all, one payload in the end."""
    sizes = [16 * KIB, 100 * KIB, *range(1024 * KIB, 65 * 1024 * KIB, 1024 * KIB)]
    blocks = [
        Block(RECEIVE, size, size - before, n, died=n + 1 if n < len(sizes) - 1 else None)
        for n, (before, size) in enumerate(zip([0, *sizes], sizes, strict=False))
    ]
    use = use_of(blocks)
    assert use.copies_bytes == pytest.approx(64 * 1024 * KIB, rel=0.01)
    assert use.survived_bytes == 64 * 1024 * KIB


def test_what_is_used_again_is_told_beside_the_figure() -> None:
    use = use_of(one_after_the_other(1000, 64 * KIB))
    assert (use.copies_bytes, use.recycled_bytes) == (64 * KIB, 999 * 64 * KIB)
    assert use_of(one_after_the_other(1000, 128 * KIB)).recycled_bytes == 0


def test_small_blocks_and_arenas_are_told_apart_from_large_ones() -> None:
    blocks = [
        Block(RECEIVE, 3 * KIB, 3 * KIB, 1),
        Block(RECEIVE, 5 * KIB, 5 * KIB, 2),
        *(Block(RECEIVE, 1024 * KIB, 1024 * KIB, 3 + n, is_map=True) for n in range(4)),
        Block(RECEIVE, 1024 * KIB, 1024 * KIB, 8),
    ]
    use = use_of(blocks)
    assert (use.small_bytes, use.arenas, use.copies_bytes) == (8 * KIB, 4, (8 + 5 * 1024) * KIB)


def test_a_file_map_of_that_size_is_no_arena() -> None:
    assert use_of([Block(RECEIVE, 1024 * KIB, 1024 * KIB, 1, is_map=True, backing="file")]).arenas == 0
