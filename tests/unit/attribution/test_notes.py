"""What is said of processes that had to be measured again."""

from cachekit_memprobe.attribution import notes_of
from cachekit_memprobe.child.seen import RssSeen
from cachekit_memprobe.model import Observations

MIB = 1 << 20


def test_nothing_is_said_where_nothing_happened() -> None:
    assert notes_of(Observations(rss=(RssSeen("0.9.1"),))) == ()


def test_the_processes_that_lost_pages_are_counted_with_the_most_that_one_lost() -> None:
    processes = (
        RssSeen("0.9.1", repeated=1, taken_bytes=2 * MIB),
        RssSeen("0.9.1", repeated=2, taken_bytes=MIB),
    )
    (note,) = notes_of(Observations(rss=processes))
    assert note.startswith("3 processes were measured again by rss")
    assert "2.0 MiB at most" in note
