"""What is allocated after the read has returned is no part of the read, and has lines of its own."""

from dataclasses import replace

import pytest
from memray import AllocatorType

from cachekit_memprobe.attribution.aftermath import Aftermath, aftermath_of
from cachekit_memprobe.attribution.heap import heap_of
from cachekit_memprobe.child.seen import Made, Note
from cachekit_memprobe.child.stages import MATERIALIZE, OTHER, UNWRAP, Place
from cachekit_memprobe.model import Measurement, Observations, Payload
from tests.golden.reports import SCENARIO
from tests.unit.attribution.recorder import HELPER, MIB, READER, MadeUp, Record, memray_seen

FREE = AllocatorType.FREE
STACK = (("later", "/env/cachekit/m.py", 9), ("run", "/usr/lib/threading.py", 5))
STARTED = Place(UNWRAP, "f", "cachekit/m.py", 7)


def aftermath(made_up: MadeUp, started: tuple[Place, ...] = ()) -> Aftermath:
    blocks = made_up.blocks()
    heap = replace(
        heap_of([block for block in blocks if not block.is_after]),
        after=tuple(block for block in blocks if block.is_after),
    )
    seen = replace(memray_seen(made_up.journal, package_folder="/env"), started=started)
    found = aftermath_of(Measurement(SCENARIO, Payload(MIB, MIB), Observations(memray=seen)), heap)
    assert found is not None
    return found


def returned(made_up: MadeUp) -> None:
    """A read that leaves 4 MiB behind."""
    made_up.enter(READER, MATERIALIZE)
    made_up.records.append(Record(READER, 4 * MIB, address=1))
    made_up.enter(READER, OTHER)
    made_up.mark(READER, Note("return"))
    made_up.mark(READER, Note("pause"))


def test_a_thread_that_works_on_counts_apart_and_at_its_peak(made_up: MadeUp) -> None:
    returned(made_up)
    made_up.enter(HELPER, UNWRAP)
    for _ in range(3):
        made_up.records.append(Record(HELPER, MIB, address=2, stack=STACK))
        made_up.records.append(Record(HELPER, 0, address=2, allocator=FREE))
    found = aftermath(made_up)
    assert (found.copies_bytes, found.peak_bytes) == (3 * MIB, MIB)
    assert found.lines == [Made(Place(UNWRAP, "later", "cachekit/m.py", 9), 3 * MIB)]


def test_what_it_frees_of_the_reads_has_survived_the_read(made_up: MadeUp) -> None:
    returned(made_up)
    made_up.records.append(Record(HELPER, 0, address=1, allocator=FREE))
    (block,) = [block for block in made_up.blocks() if not block.is_after]
    assert block.died is None


def test_the_waiting_thread_counts_nothing(made_up: MadeUp) -> None:
    returned(made_up)
    made_up.records.append(Record(READER, MIB))
    assert aftermath(made_up).peak_bytes == 0


@pytest.mark.parametrize(
    ("started", "where"), [((STARTED,), STARTED), ((STARTED, Place(OTHER)), Place(OTHER))]
)
def test_a_thread_without_code_of_the_targets_is_where_it_got_its_work(
    made_up: MadeUp, started: tuple[Place, ...], where: Place
) -> None:
    returned(made_up)
    made_up.records.append(Record(HELPER, MIB, stack=(("run", "/usr/lib/thread.py", 5),)))
    assert aftermath(made_up, started=started).lines == [Made(where, MIB)]


@pytest.mark.parametrize(("after_mib", "has_the_peak"), [(4, True), (0.5, False)])
def test_the_peak_is_the_aftermaths_if_it_adds_much_to_what_the_read_left(
    made_up: MadeUp, after_mib: float, has_the_peak: bool
) -> None:
    returned(made_up)
    made_up.records.append(Record(HELPER, int(after_mib * MIB), stack=STACK))
    assert aftermath(made_up).has_the_peak is has_the_peak


def test_a_capture_from_before_the_aftermath_was_followed_has_none(made_up: MadeUp) -> None:
    made_up.enter(READER, MATERIALIZE)
    seen = memray_seen(made_up.journal)
    measurement = Measurement(SCENARIO, Payload(MIB, MIB), Observations(memray=seen))
    assert aftermath_of(measurement, heap_of(made_up.blocks())) is None
