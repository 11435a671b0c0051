from pathlib import Path

import pytest

from cachekit_memprobe.guesses import ONLY_FOLDERS, guess, near_paths, some

NAMES = ("arrow-l1-hit", "arrow-file-get", "arrow-file-mmap", "json-l1-hit")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("arow-l1-hit", "did you mean arrow-l1-hit or json-l1-hit?"),
        ("ARROW-L1-HIT", "did you mean arrow-l1-hit?"),
        ("file", "did you mean arrow-file-get or arrow-file-mmap?"),
        ("l1-hit", "did you mean json-l1-hit or arrow-l1-hit?"),
        ("-", "did you mean arrow-l1-hit, arrow-file-get or another of the 4 with '-' in them?"),
        ("zzz", "nothing"),
        ("", "nothing"),
        ("a" * 1000, "nothing"),
    ],
)
def test_what_looks_like_a_word_or_has_it_as_a_part(word: str, said: str) -> None:
    assert guess(word, NAMES, "nothing") == said


def test_never_all_of_many() -> None:
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_the_first_part_of_a_path_that_is_missing_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("checks").mkdir()
    Path("checks/orders.toml").touch()
    Path("checkz.md").touch()
    assert near_paths(Path("chekcs/orders.toml"), (".toml",)) == ("checks",)
    assert near_paths(Path("checks/order.toml"), (".toml",)) == ("checks/orders.toml",)
    assert near_paths(Path("checks/order.toml"), ONLY_FOLDERS) == ()
    assert near_paths(Path("checks/orders.toml")) == ()
    assert near_paths(Path("../" * 3)) == ()
    assert near_paths(Path("a" * 5000)) == ()
