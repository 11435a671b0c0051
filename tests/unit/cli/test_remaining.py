from collections.abc import Mapping

import pytest

from cachekit_memprobe.cli.remaining import Remaining

MIB = 1 << 20


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def after(work: Mapping[str, int], done: int, seconds: float, *, running: int = 0) -> tuple[Remaining, Clock]:
    """So many are done so many seconds after the beginning, all of them now."""
    clock = Clock()
    remaining = Remaining(work, clock)
    for name in list(work)[: done + running]:
        remaining.begun(name)
    clock.now_s += seconds
    for name in list(work)[:done]:
        remaining.done(name)
    return remaining, clock


EQUAL = {f"s{number}": 8 * MIB for number in range(40)}


@pytest.mark.parametrize(
    ("done", "seconds", "words"),
    [
        (0, 5, "0/40 done"),
        (3, 9, "3/40 done"),  # too few to know
        (10, 20, "10/40 done, about 60 s left"),
        (10, 60, "10/40 done, about 3 min left"),
        (38, 76, "38/40 done, a few seconds left"),
        (40, 80, "40/40 done"),
    ],
)
def test_how_far_it_is_and_how_long_it_takes_at_that_pace(done: int, seconds: float, words: str) -> None:
    remaining, _ = after(EQUAL, done, seconds)
    assert remaining.words == words


def test_it_is_counted_down_until_the_next_one_has_ended() -> None:
    remaining, clock = after(EQUAL, 10, 20)
    clock.now_s += 30
    assert remaining.words == "10/40 done, about 30 s left"
    clock.now_s += 300
    assert remaining.words == "10/40 done, a few seconds left"


def test_what_runs_is_thought_to_be_halfway() -> None:
    remaining, _ = after(EQUAL, 9, 20, running=2)
    assert remaining.words == "9/40 done, about 60 s left"


def test_the_large_ones_count_for_more() -> None:
    work = {"a": 1900 * MIB, "b": 1900 * MIB, **{f"s{number}": 0 for number in range(20)}}
    remaining, _ = after(work, 2, 60)
    assert remaining.words == "2/22 done, about 30 s left"


def test_of_one_nothing_is_known() -> None:
    remaining, _ = after({"a": 1, "b": 1}, 1, 60)
    assert remaining.words == "1/2 done"


def test_what_is_no_part_of_the_work_or_told_again_changes_nothing() -> None:
    remaining, clock = after(EQUAL, 10, 20)
    clock.now_s += 20
    words = remaining.words
    remaining.begun("kept")
    remaining.done("kept")
    remaining.done("s0")
    assert remaining.words == words == "10/40 done, about 40 s left"
