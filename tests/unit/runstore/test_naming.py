"""Which run a user means, and that nobody is shown another one."""

import os
from pathlib import Path

import pytest

from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.runstore import run_folder
from cachekit_memprobe.runstore.naming import saved_runs

OLDEST, MIDDLE, NEWEST = (
    "20260101T000000Z-0123ab",
    "20261125T120000Z-0123ab",
    "20261125T231010Z-0f3a9c",
)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "state/cachekit-memprobe/runs"


@pytest.fixture
def three(runs: Path) -> Path:
    for name in (MIDDLE, NEWEST, OLDEST):
        made(runs / name)
    return runs


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    return folder


class TestSaved:
    @pytest.mark.parametrize(
        ("spec", "name"),
        [
            (NEWEST, NEWEST),
            ("20261125T23", NEWEST),
            ("20260", OLDEST),
            ("last", NEWEST),
            ("last~0", NEWEST),
            ("last~1", MIDDLE),
            ("last~2", OLDEST),
        ],
    )
    def test_a_run_by_its_id(self, spec: str, name: str, three: Path) -> None:
        assert run_folder(spec) == three / name

    def test_a_renamed_one_is_of_the_time_at_which_it_began(self, three: Path) -> None:
        made(three / "before-the-fix")
        os.utime(three / "before-the-fix/run.json", (1_767_300_000, 1_767_300_000))  # 1 January 2026, 20:40
        assert [folder.name for folder in saved_runs(three)] == [NEWEST, MIDDLE, "before-the-fix", OLDEST]
        assert run_folder("before") == three / "before-the-fix"

    def test_a_whole_id_is_that_run_even_if_another_begins_with_it(self, three: Path) -> None:
        made(three / f"{NEWEST}-kept")
        assert run_folder(NEWEST) == three / NEWEST

    def test_one_that_says_nothing_yet_is_not_the_last(self, three: Path) -> None:
        (three / "20270101T000000Z-0123ab").mkdir()
        assert run_folder("last") == three / NEWEST


class TestFolders:
    @pytest.mark.parametrize("spec", ["mine", "./mine", "../work/mine", "./last", ""])
    def test_a_run_folder(self, spec: str, three: Path) -> None:
        made(Path("mine"))
        made(Path("last"))
        assert run_folder(spec) == Path(spec)

    @pytest.mark.parametrize("spec", ["last", "2026"])
    def test_one_that_stands_for_a_saved_run_as_well(self, spec: str, three: Path) -> None:
        made(Path(spec))
        with pytest.raises(UsageError, match=f"as well; write ./{spec} for the folder, or the whole id"):
            run_folder(spec)

    def test_the_same_one_below_the_working_folder(
        self, three: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(three)
        assert run_folder(NEWEST) == Path(NEWEST)

    @pytest.mark.parametrize("spec", ["x" * 5000, "file", "null\0"])
    def test_what_is_none_is_left_to_be_told_when_it_is_opened(self, spec: str) -> None:
        Path("file").touch()
        assert run_folder(spec) == Path(spec)

    def test_another_folder_is_in_no_ones_way(self, three: Path) -> None:
        Path("last").mkdir()
        assert run_folder("last") == three / NEWEST

    def test_without_a_state_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", __file__)
        made(Path("mine"))
        assert run_folder("mine") == Path("mine")
        with pytest.raises(UsageError, match="neither a run folder nor"):
            run_folder("other")


class TestNotFound:
    def test_several(self, three: Path) -> None:
        message = f"20261125 is the beginning of 2 runs' ids, {NEWEST}, {MIDDLE}; write more of it"
        with pytest.raises(UsageError) as caught:
            run_folder("20261125")
        assert str(caught.value) == message

    @pytest.mark.parametrize("spec", ["2025", "missing", "last~", "last~-1", "LAST", "a\nb"])
    def test_none(self, spec: str, three: Path) -> None:
        with pytest.raises(UsageError, match="is neither a run folder nor the beginning of a saved run's id"):
            run_folder(spec)

    @pytest.mark.parametrize(
        ("spec", "meant"),
        [
            ("20261125T231010Z-0f3a9d", NEWEST),
            ("lsat", "last"),
            ("LAST", "last"),
            ("todya", "today"),
            ("2025", "cachekit-memprobe runs lists them"),
        ],
    )
    def test_what_is_nearly_right(self, spec: str, meant: str, three: Path) -> None:
        made(Path("today"))
        Path("todya.txt").touch()
        with pytest.raises(UsageError) as caught:
            run_folder(spec)
        assert str(caught.value).split("; ")[1].removeprefix("did you mean ").startswith(meant)

    def test_more_than_there_are(self, three: Path) -> None:
        with pytest.raises(UsageError, match="last~3: only 3 runs are saved below the state folder"):
            run_folder("last~3")

    def test_no_run_at_all(self) -> None:
        with pytest.raises(UsageError, match="last: no run is saved below the state folder"):
            run_folder("last")
