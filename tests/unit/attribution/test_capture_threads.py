"""Whose stage a block is of that a thread allocates, on records made up."""

from cachekit_memprobe.child.stages import DECODE, DECOMPRESS, OTHER, UNWRAP, Place
from tests.unit.attribution.recorder import ANOTHER_READER, HELPER, MIB, READER, MadeUp, Record


class TestAThreadWithoutAStack:
    """As Arrow's workers are: they work for the thread that reads."""

    def test_is_in_the_stage_of_the_reading_thread(self, made_up: MadeUp) -> None:
        made_up.enter(READER, UNWRAP)
        made_up.records.append(Record(HELPER, MIB))
        (block,) = made_up.blocks()
        assert block.place == Place(UNWRAP, "f", "cachekit/m.py", 3)

    def test_decompresses_if_its_native_frames_say_so(self, made_up: MadeUp) -> None:
        made_up.enter(READER, DECODE)
        made_up.records.append(Record(HELPER, MIB, native=("arrow::ipc::DecompressBuffer",)))
        made_up.records.append(Record(HELPER, MIB, native=("arrow::Cast",)))
        assert [block.place.stage for block in made_up.blocks()] == [DECOMPRESS, DECODE]

    def test_is_nowhere_if_readers_are_in_different_stages(self, made_up: MadeUp) -> None:
        made_up.enter(READER, UNWRAP)
        made_up.enter(ANOTHER_READER, DECODE)
        made_up.records.append(Record(HELPER, MIB))
        (block,) = made_up.blocks()
        assert block.place.stage == OTHER

    def test_is_nowhere_if_none_reads(self, made_up: MadeUp) -> None:
        made_up.enter(READER, OTHER)
        made_up.records.append(Record(HELPER, MIB))
        (block,) = made_up.blocks()
        assert block.place.stage == OTHER


def test_a_thread_with_a_stack_and_no_stage_is_on_its_own(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.records.append(Record(HELPER, MIB, stack=(("run", "/usr/lib/threading.py", 5),)))
    (block,) = made_up.blocks()
    assert block.place.stage == OTHER


def test_a_thread_that_runs_code_of_the_target_works_for_the_reading_thread(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    stack = (("work", "/env/cachekit/m.py", 9), ("run", "/usr/lib/threading.py", 5))
    made_up.records.append(Record(HELPER, MIB, stack=stack))
    (block,) = made_up.blocks()
    assert block.place == Place(UNWRAP, "work", "cachekit/m.py", 9)


def test_each_thread_is_in_its_own_stage(made_up: MadeUp) -> None:
    made_up.enter(READER, UNWRAP)
    made_up.enter(ANOTHER_READER, DECODE)
    stack = (("f", "/env/cachekit/m.py", 4), ("main", "/usr/bin/x.py", 1))
    made_up.records += [Record(READER, MIB, stack=stack), Record(ANOTHER_READER, MIB, stack=stack)]
    assert [(block.place.stage, block.place.line) for block in made_up.blocks()] == [(UNWRAP, 4), (DECODE, 4)]
