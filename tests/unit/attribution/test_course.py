from cachekit_memprobe.attribution.block import Block, Move
from cachekit_memprobe.attribution.course import peaks_of, staircase_of
from cachekit_memprobe.child.stages import BACKEND_GET, DECODE, OTHER, STATS, Place
from cachekit_memprobe.result import StageSpan

MIB = 1 << 20
MOVES = (
    Move(0, 0, OTHER),
    Move(10, 0, BACKEND_GET),
    Move(20, 0, DECODE),
    Move(30, 0, STATS),
    Move(40, 0, OTHER),
)
BLOCKS = (
    Block(Place(BACKEND_GET), 2 * MIB, 2 * MIB, born=11, died=25),
    Block(Place(DECODE), MIB, MIB, born=21),
    Block(Place(STATS), 4 * MIB, 4 * MIB, born=31, died=32),
)


def heights(blocks: tuple[Block, ...], moves: tuple[Move, ...], payload_bytes: int = MIB) -> list[int]:
    return [step.total_bytes // MIB for step in staircase_of(blocks, moves, payload_bytes).steps]


def test_a_stage_has_the_highest_heap_that_there_is_while_the_read_is_in_it() -> None:
    peaks = peaks_of(BLOCKS, MOVES)
    assert {stage: size // MIB for stage, size in peaks.items() if size} == {
        BACKEND_GET: 2,
        DECODE: 3,
        STATS: 5,
        OTHER: 1,
    }


def test_of_several_threads_each_may_be_in_the_stage() -> None:
    peaks = peaks_of(BLOCKS, (*MOVES[:2], Move(15, 1, STATS)))
    assert peaks[BACKEND_GET] == peaks[STATS] == 5 * MIB


def test_the_heap_goes_up_and_down_in_order() -> None:
    staircase = staircase_of(BLOCKS, MOVES, MIB)
    assert heights(BLOCKS, MOVES) == [0, 0, 2, 2, 3, 1, 1, 5, 1, 1]
    assert staircase.stages == (BACKEND_GET, DECODE, STATS, OTHER)
    assert staircase.steps[staircase.peak].live_bytes == (0, MIB, 4 * MIB, 0)


def test_it_tells_where_the_read_was() -> None:
    assert staircase_of(BLOCKS, MOVES, MIB).spans == (
        StageSpan(OTHER, 0, 0, 1),
        StageSpan(BACKEND_GET, 0, 1, 3),
        StageSpan(DECODE, 0, 3, 6),
        StageSpan(STATS, 0, 6, 9),
        StageSpan(OTHER, 0, 9, 10),
    )


def test_what_cannot_be_seen_is_part_of_other_and_missing_nowhere() -> None:
    small = Block(Place(STATS), MIB // 1000, MIB // 1000, born=12)
    staircase = staircase_of((*BLOCKS[:2], small), MOVES, MIB)
    assert staircase.stages == (BACKEND_GET, DECODE, OTHER)
    assert staircase.steps[staircase.peak].total_bytes == 3 * MIB + MIB // 1000


def test_of_thousands_of_changes_there_are_some_hundred_steps_and_the_peak_is_exact() -> None:
    blocks = tuple(Block(Place(DECODE), MIB, MIB, born=100 + number) for number in range(5000))
    odd = Block(Place(DECODE), MIB // 2, MIB // 2, born=6000, died=6001)
    staircase = staircase_of((*blocks, odd), MOVES, MIB)
    assert len(staircase.steps) <= 300
    assert staircase.steps[staircase.peak].total_bytes == 5000 * MIB + MIB // 2


def test_a_read_that_allocates_nothing_is_flat() -> None:
    staircase = staircase_of((), MOVES, MIB)
    assert {step.total_bytes for step in staircase.steps} == {0}
    assert staircase_of((), (), MIB).steps == ()


def test_a_block_that_is_resized_is_never_gone() -> None:
    """Its end and the beginning of the larger one are one event of the stream."""
    line = Place("backend_get", "get", "cachekit/b.py", 3)
    blocks = [Block(line, size * MIB, MIB, born=size, died=size + 1) for size in range(1, 6)]
    staircase = staircase_of(blocks, [], 8 * MIB)
    heights = [step.total_bytes // MIB for step in staircase.steps]
    assert heights == [1, 2, 3, 4, 5, 0]
    assert staircase.peak == 4
