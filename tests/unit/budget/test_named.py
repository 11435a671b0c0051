"""Suspects that stand in no stage table: of the aftermath, and of what a process keeps of its first read."""

from cachekit_memprobe.budget import named_by
from cachekit_memprobe.child.seen import FirstSeen, Held, Kept, Made
from tests.golden.reports import place

HERE, THERE = place("unwrap", "cachekit/x.py:7"), place("other", "cachekit/y.py:8")
FIRST = FirstSeen(
    "0.24.1", Held(9, 0, 0, 0), (Kept("cachekit.x.nowhere", 9), Kept("cachekit.x.MEMO", 8, HERE))
)


def test_the_largest_line_after_the_read_is_the_aftermaths() -> None:
    named = named_by([Made(HERE, 9), Made(THERE, 8)], [Made(THERE, 7)], None, (), False)
    assert named == {"aftermath.copies": HERE, "aftermath.peak": HERE, "aftermath.drop": THERE}


def test_the_resident_sets_peak_is_the_aftermaths_if_the_heap_was_highest_in_it() -> None:
    assert named_by([Made(HERE, 9)], (), None, (), True)["rss.peak"] == HERE


def test_who_keeps_the_first_read_has_kept_what_aliasing_names_no_one_for() -> None:
    metrics = {"held.first", "held.after", "growth.per_read", "growth.total"}
    assert named_by((), (), FIRST, (), False) == dict.fromkeys(metrics, HERE)
    assert named_by((), (), FIRST, [Kept("cachekit.y.KEPT", 9, THERE)], False) == {"held.first": HERE}


def test_nothing_seen_nobody_named() -> None:
    assert named_by((), (), None, (), True) == {}
