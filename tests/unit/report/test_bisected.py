"""What is said of a bisection, and which commit it looks at next."""

from dataclasses import replace

from cachekit_memprobe.bisected import Bisected, Commit, Search, Trial
from cachekit_memprobe.comparing import compare
from cachekit_memprobe.model import Limit
from cachekit_memprobe.report.bisected import bisected_text
from tests.golden.comparisons import NEW, OLD

_COMMITS = [Commit(str(number) * 40, "2026-06-17", f"Change {number}") for number in range(4)]
_REASON = "commit 111 was installed, but can't be imported:\n  Traceback\n  ImportError: no\nMeasure another"
_TRIALS = (
    Trial(_COMMITS[0], "good", 0.0),
    Trial(_COMMITS[3], "bad", 1.0),
    Trial(_COMMITS[1], "skipped", reason=_REASON),
    Trial(_COMMITS[2], "bad", 1.0),
)
FOUND = Bisected(
    repository="cachekit-py",
    scenario="arrow-l1-hit",
    metric="copies.unwrap",
    limit=Limit("copies.unwrap", 0.500447, None, "error"),
    sought="bad",
    old=_TRIALS[0],
    new=_TRIALS[1],
    trials=_TRIALS,
    suspects=(_COMMITS[2],),
    comparison=compare(NEW, OLD).scenarios[0],
)


def test_the_commit_comes_first_with_its_line() -> None:
    commit, figures, *lines = bisected_text(FOUND).partition("\n\n")[0].splitlines()
    assert commit == "the first bad commit is 222222222222  2026-06-17 Change 2"
    assert figures == "  copies.unwrap of arrow-l1-hit: 0.00x before it, 1.00x since; bad is more than 0.50x"
    assert "new: unwrap serializers/wrapper.py:126: verbatim 1.00x" in lines[0]
    assert "moved" not in "".join(lines)


def test_without_the_commit_before_the_ends_are_told() -> None:
    text = bisected_text(replace(FOUND, comparison=None, sought="good"))
    assert "the first good commit is" in text
    assert "0.00x at the older end, 1.00x at the newer one" in text


def test_those_that_cant_be_told_apart_are_all_named() -> None:
    text = bisected_text(replace(FOUND, suspects=(_COMMITS[2], _COMMITS[1]), comparison=None))
    assert text.startswith("copies.unwrap of arrow-l1-hit went over 0.50x in one of 2 commits")
    assert "  222222222222  2026-06-17 Change 2\n  111111111111  2026-06-17 Change 1\n" in text


def test_what_was_skipped_has_its_reason_and_nothing_else() -> None:
    text = bisected_text(FOUND)
    assert "4 commits of cachekit-py tried, 1 of them skipped" in text
    assert "skipped: commit 111 was installed, but can't be imported: ImportError: no\n" in text


def test_a_commit_that_wants_to_be_more_is_text() -> None:
    evil = Commit("4" * 40, "2026-06-17", "\x1b]0;title\x07\x1b[31mred\u202e\r\nnext")
    assert "444444444444  2026-06-17 red next" in bisected_text(replace(FOUND, suspects=(evil,)))


def test_a_search_passes_over_what_it_knows() -> None:
    search = Search(new="d", old=["a"])
    listed = ["c", "b", "d"]
    assert search.next_of(listed) == "c"
    search.learn("c", "skipped")
    assert search.next_of(listed) == "b"
    search.learn("b", "good")
    assert (search.old, search.new) == (["a", "b"], "d")
    assert search.next_of(["c", "d"]) is None
    mending = Search(new="d", old=["a"], sought="good")
    mending.learn("c", "good")
    mending.learn("b", "bad")
    assert (mending.old, mending.new) == (["a", "b"], "c")
