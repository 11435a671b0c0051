"""What the decoder makes of marks, pauses and maps, on records made up."""

import pytest
from memray import AllocatorType

from cachekit_memprobe.child.seen import Note
from cachekit_memprobe.child.stages import BACKEND_GET, BACKEND_MAP, DECODE, OTHER, UNWRAP
from tests.unit.attribution.recorder import ANOTHER_READER, HERALD, MIB, READER, MadeUp, Record


def test_what_the_probe_allocates_in_a_pause_is_not_the_reads(made_up: MadeUp) -> None:
    made_up.mark(READER, Note("pause"))
    made_up.records.append(Record(READER, 7 * MIB))
    made_up.mark(READER, Note("maps", spans=((1, 2),)))
    made_up.records.append(Record(READER, 7 * MIB))
    made_up.enter(READER, UNWRAP)
    made_up.records.append(Record(READER, MIB))
    assert [block.size_bytes for block in made_up.blocks()] == [MIB]


def test_a_block_that_was_not_mapped_is_no_file_map_wherever_it_lies(made_up: MadeUp) -> None:
    """The list of maps is read while other threads run: what it tells may be gone when it is written down."""
    made_up.enter(READER, BACKEND_MAP)
    made_up.records += [
        Record(READER, 8 * MIB, 0x7000, AllocatorType.MMAP),
        Record(READER, MIB, 0x8000),
    ]
    made_up.mark(READER, Note("pause"))
    made_up.mark(READER, Note("maps", spans=((0x7000, 0x9000),)))
    assert [block.backing == "file" for block in made_up.blocks()] == [True, False]


def test_marks_of_two_threads_may_interleave(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.enter(ANOTHER_READER, DECODE)
    herald, mark, other_herald, other_mark = made_up.records[-4:]
    made_up.records[-4:] = [herald, other_herald, other_mark, mark]
    made_up.records += [Record(READER, MIB), Record(ANOTHER_READER, 2 * MIB)]
    assert [block.place.stage for block in made_up.blocks()] == [UNWRAP, DECODE]


def test_an_arena_that_python_takes_in_the_middle_of_a_mark_hides_it_not(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.records.insert(-1, Record(READER, MIB, 0x7000, AllocatorType.MMAP))
    made_up.records.append(Record(READER, 2 * MIB, 0x8000))
    blocks = [(block.place.stage, block.size_bytes) for block in made_up.blocks()]
    assert blocks == [(OTHER, MIB), (UNWRAP, 2 * MIB)]


@pytest.mark.parametrize("others", [0, 1, 9])
def test_a_block_of_a_heralds_size_lives_as_long_as_any(others: int, made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.records.append(Record(READER, HERALD, 0x7000))
    made_up.records += [Record(READER, MIB, 0x8000 + number) for number in range(others)]
    made_up.records.append(Record(READER, 0, 0x7000, AllocatorType.FREE))
    blocks = [block for block in made_up.blocks() if block.size_bytes == HERALD]
    assert [(block.place.stage, block.died is None) for block in blocks] == [(UNWRAP, False)]


def test_a_file_map_that_is_told_of_is_one_even_if_it_is_closed_at_once(made_up: MadeUp) -> None:
    made_up.enter(READER, BACKEND_GET)
    made_up.mark(READER, Note("pause"))
    made_up.records.append(Record(READER, MIB, 0x5000))
    made_up.mark(READER, Note("map", size_bytes=8 * MIB))
    made_up.records += [
        Record(READER, MIB, 0x6000, AllocatorType.MMAP),  # an arena
        Record(ANOTHER_READER, 8 * MIB, 0x7000, AllocatorType.MMAP),
        Record(READER, 8 * MIB, 0x8000, AllocatorType.MMAP),
        Record(READER, 0, 0x8000, AllocatorType.MUNMAP),
        Record(READER, 8 * MIB, 0x8000, AllocatorType.MMAP),
    ]
    assert [block.backing == "file" for block in made_up.blocks()] == [False, False, True, False]
