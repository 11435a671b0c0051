"""Which release has the native part of a tree: what a build reads decides, not a number that is only said."""

from pathlib import Path

import pytest

from cachekit_memprobe.target.git import Repository
from cachekit_memprobe.target.nearest import candidates
from tests.unit.target.repositories import CRATE, WRAPPER, History, project


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.begun(tmp_path / "cachekit-py")


def releases(history: History, *, edited: bool = False) -> list[str]:
    commit = history.git("rev-parse", "HEAD")
    return [str(one) for one in candidates(Repository(history.folder), commit, edited=edited)]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {WRAPPER: "y = 2\n", "src/cachekit/more.py": ""},
        {"pyproject.toml": project("0.11.0", '["redis>=5"]'), "Cargo.toml": CRATE.format(version="0.11.0")},
        {"rust/tests/x.rs": "", "rust/fuzz/y.rs": "", "README.md": "words"},
        {"Cargo.toml": CRATE.format(version="0.10.0") + '[dev-dependencies]\nproptest = "1"\n'},
    ],
    ids=["nothing", "python", "version", "tests", "dev-dependencies"],
)
def test_that_of_the_same_native_part(history: History, files: dict[str, str]) -> None:
    history.commit("change", files)
    assert releases(history) == ["0.10.0"]


@pytest.mark.parametrize(
    "files",
    [
        {"rust/lib.rs": "// other\n"},
        {"rust/new.rs": ""},
        {"Cargo.toml": CRATE.format(version="0.10.0").replace('"1"', '"2"')},
        {"Cargo.lock": '[[package]]\nname = "zeroize"\nversion = "1.8.0"\nsource = "registry"\n'},
        {"pyproject.toml": project("0.10.0") + 'features = ["other"]\n'},
        {"pyproject.toml": "[["},
        {".cargo/config.toml": ""},
        {"build.rs": ""},
    ],
    ids=lambda files: next(iter(files)),
)
def test_none_where_it_differs(history: History, files: dict[str, str]) -> None:
    history.commit("change", files)
    assert releases(history) == []


def test_the_nearest_first_and_a_later_one_too(history: History) -> None:
    history.commit("0.11.0", {"rust/lib.rs": "// new\n"})
    history.git("tag", "v0.11.0")
    history.commit("between", {WRAPPER: "y = 2\n"})
    between = history.git("rev-parse", "HEAD")
    history.commit("0.12.0", {"pyproject.toml": project("0.12.0")})
    history.git("tag", "v0.12.0")
    history.git("tag", "v0.13.0rc1")
    history.git("tag", "nightly")
    found = candidates(Repository(history.folder), between)
    assert [str(one) for one in found] == ["0.11.0", "0.12.0"]


def test_what_is_not_committed_counts_in_a_work_tree(history: History) -> None:
    (history.folder / WRAPPER).write_text("y = 3\n")
    assert releases(history, edited=True) == ["0.10.0"]
    (history.folder / "rust" / "new.rs").write_text("")
    assert releases(history, edited=True) == []
    assert releases(history) == ["0.10.0"]


def test_without_a_tag_there_is_none(history: History) -> None:
    history.git("tag", "-d", "v0.10.0")
    assert releases(history) == []
