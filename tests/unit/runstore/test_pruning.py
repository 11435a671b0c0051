"""Which run folders are removed below the user's state folder, and that no other is."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cachekit_memprobe import in_use
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.runstore import RunFolder, check_unused
from cachekit_memprobe.runstore.pruning import KEEP_VARIABLE, prune
from tests.conftest import Home


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def made(runs: Path, number: int, *, name: str = "") -> Path:
    """A run folder that nobody uses; the higher the number, the newer."""
    folder = runs / (name or f"20260101T{number:06}Z-0123ab")
    (folder / "scenarios/arrow-l1-hit").mkdir(parents=True)
    (folder / "run.json").write_text('{"schema_version": 2}')
    in_use.claim(folder).close()
    return folder


def kept(runs: Path) -> list[int]:
    return sorted(int(path.name[9:15]) for path in runs.iterdir())


def test_the_newest_stay(runs: Path) -> None:
    for number in range(55):
        made(runs, number)
    prune(runs)
    assert kept(runs) == [*range(5, 55)]


class TestChosen:
    @pytest.mark.parametrize(("chosen", "left"), [("2", [2, 3]), ("all", [0, 1, 2, 3]), ("", [0, 1, 2, 3])])
    def test_a_number_of_them(
        self, chosen: str, left: list[int], runs: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(KEEP_VARIABLE, chosen)
        for number in range(4):
            made(runs, number)
        prune(runs)
        assert kept(runs) == left

    @pytest.mark.parametrize("chosen", ["0", "-1", "many", "1.5", "\u0665", "9" * 5000])
    def test_what_is_no_number(self, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(KEEP_VARIABLE, chosen)
        with pytest.raises(UsageError, match="no number of run folders to keep; write one from 1 on, or all"):
            check_unused(None)
        check_unused(Path("anywhere"))


class TestNeverRemoved:
    @pytest.fixture(autouse=True)
    def only_one_stays(self, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(KEEP_VARIABLE, "1")
        made(runs, 9)

    def test_one_that_the_user_has_named(self, runs: Path) -> None:
        named = RunFolder.create(runs / "20260101T000001Z-0123ab").path
        renamed = made(runs, 2, name="before-the-fix")
        prune(runs)
        assert named.exists()
        assert renamed.exists()

    def test_one_that_is_written(self, runs: Path) -> None:
        folder = made(runs, 1)
        held = in_use.claim(folder)
        prune(runs)
        assert folder.exists()
        held.close()
        prune(runs)
        assert not folder.exists()

    def test_one_that_is_read(self, runs: Path) -> None:
        folder = made(runs, 1)
        link = runs.parent / "link"
        link.symlink_to(folder)
        readers = [RunFolder.open(folder), RunFolder.open(link)]
        while readers:
            prune(runs)
            assert folder.exists()
            readers.pop()
        prune(runs)
        assert not folder.exists()

    def test_one_that_is_none(self, runs: Path) -> None:
        folder = runs / "20260101T000001Z-0123ab"
        folder.mkdir()
        (folder / "thesis.tex").touch()
        prune(runs)
        assert (folder / "thesis.tex").exists()

    def test_where_a_link_leads(self, runs: Path) -> None:
        folder = made(runs.parent / "elsewhere", 1)
        (runs / folder.name).symlink_to(folder)
        prune(runs)
        assert folder.exists()


def test_a_new_run_removes_old_ones(isolated_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEP_VARIABLE, "1")
    first = RunFolder.create()
    second = RunFolder.create()
    assert first.path.exists()  # it is held
    path = first.path
    del first
    third = RunFolder.create()
    assert not path.exists()
    assert second.path.exists()
    assert third.path.exists()


def test_one_that_was_written_by_a_run_that_was_killed(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEP_VARIABLE, "1")
    folder = made(runs, 1)
    made(runs, 2)
    code = f"""
from pathlib import Path
from cachekit_memprobe import in_use
held = in_use.claim(Path({str(folder)!r}))
print("held", flush=True)
input()
"""
    writer = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"held\n"
        prune(runs)
        assert folder.exists()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    prune(runs)
    assert not folder.exists()


def test_there_are_none(tmp_path: Path) -> None:
    prune(tmp_path / "runs")
