"""Temporary folders: gone with their run, or swept by a later one, and nobody else's is touched."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe import in_use
from cachekit_memprobe.scratch import notes_in, scratch_folder, sweep
from cachekit_memprobe.signals import terminable

_DAY_S = 86_400


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary directory of these tests alone."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def nothing(_notes: Path) -> None:
    """The notes stay."""


def left(temporary: Path, name: str = "cachekit-memprobe-left") -> Path:
    """What a killed run leaves: marked, and locked by nobody."""
    folder = temporary / name
    (folder / "replays").mkdir(parents=True)
    (folder / "replays/measured.frame").write_bytes(b"confidential")
    in_use.claim(folder).close()
    return folder


def test_it_is_there_until_the_end() -> None:
    with scratch_folder() as folder:
        (folder / "deep/er").mkdir(parents=True)
        sweep(nothing)
        assert (folder / "deep/er").is_dir()
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_what_was_left_is_swept(temporary: Path) -> None:
    left(temporary)
    sweep(nothing)
    assert list(temporary.iterdir()) == []


def test_the_lock_ends_with_a_process_that_is_killed(temporary: Path) -> None:
    code = """
from cachekit_memprobe.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "file").touch()
    print("there", flush=True)
    input()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"there\n"
        sweep(nothing)
        assert len(list(temporary.iterdir())) == 1
        child.send_signal(signal.SIGKILL)
        child.wait()
    sweep(nothing)
    assert list(temporary.iterdir()) == []


@contextlib.contextmanager
def _held_by_another_sweeper(folder: Path) -> Iterator[None]:
    with in_use.unused(folder) as ours:
        assert ours
        yield


def test_two_sweepers_are_not_in_each_others_way(temporary: Path) -> None:
    folder = left(temporary)
    with _held_by_another_sweeper(folder):
        sweep(nothing)
        assert (folder / "replays/measured.frame").exists()


class TestNobodyElses:
    def test_without_our_mark(self, temporary: Path) -> None:
        """Somebody's own folder, or one that has just been made and isn't locked yet."""
        folder = temporary / "cachekit-memprobe-thesis"
        folder.mkdir()
        (folder / "thesis.tex").touch()
        sweep(nothing)
        assert (folder / "thesis.tex").exists()

    def test_with_another_name(self, temporary: Path) -> None:
        folder = left(temporary, "thesis")
        sweep(nothing)
        assert (folder / "replays/measured.frame").exists()

    def test_a_link_to_a_folder(self, temporary: Path) -> None:
        folder = left(temporary, "elsewhere")
        (temporary / "cachekit-memprobe-link").symlink_to(folder)
        sweep(nothing)
        assert (folder / "replays/measured.frame").exists()

    def test_a_link_in_a_folder(self, temporary: Path) -> None:
        (temporary / "thesis").mkdir()
        (temporary / "thesis/thesis.tex").touch()
        (left(temporary) / "link").symlink_to(temporary / "thesis")
        sweep(nothing)
        assert [path.name for path in temporary.iterdir()] == ["thesis"]
        assert (temporary / "thesis/thesis.tex").exists()

    @pytest.mark.parametrize("whose", ["folder", "mark"])
    def test_another_users(self, whose: str, temporary: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        folder = left(temporary)
        os.chown(folder if whose == "folder" else folder / in_use.MARK, 12345, -1)
        sweep(nothing)
        assert (folder / "replays/measured.frame").exists()

    def test_a_mark_that_is_a_link(self, temporary: Path) -> None:
        folder = left(temporary)
        (folder / in_use.MARK).rename(folder / "mark")
        (folder / in_use.MARK).symlink_to("mark")
        sweep(nothing)
        assert (folder / "replays/measured.frame").exists()


def test_what_could_not_be_removed_yet_is_removed_by_the_next_one(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = left(temporary)
    with monkeypatch.context() as patch:
        # A process that is just ending still writes into it.
        patch.setattr(shutil, "rmtree", lambda path, **_: (Path(path) / "late").touch())
        sweep(nothing)
    assert (folder / "replays/late").exists()
    sweep(nothing)
    assert list(temporary.iterdir()) == []


class TestNotes:
    def test_they_outlive_all_else(self, temporary: Path) -> None:
        folder = left(temporary)
        note = self._noted(folder)
        sweep(nothing)
        assert note.exists()
        assert not (folder / "replays").exists()
        sweep(nothing)
        assert note.exists()

    def test_all_is_gone_when_they_were_dealt_with(self, temporary: Path) -> None:
        note = self._noted(left(temporary))
        seen = []

        def settle(notes: Path) -> None:
            seen.append(notes)
            note.unlink()

        sweep(settle)
        assert seen == [note.parents[1]]
        assert list(temporary.iterdir()) == []

    def test_or_when_they_are_old(self, temporary: Path) -> None:
        note = self._noted(left(temporary))
        os.utime(note, (0, time.time() - _DAY_S - 60))
        sweep(nothing)
        assert list(temporary.iterdir()) == []

    def _noted(self, folder: Path) -> Path:
        note = notes_in(folder) / "redis/memprobe-0123456789ab.keys"
        note.parent.mkdir(parents=True)
        note.touch()
        return note


def test_a_signal_while_it_is_made_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    make = tempfile.mkdtemp

    def interrupted(*args: Any, **options: Any) -> str:
        folder = str(make(*args, **options))
        made.append(Path(folder))
        signal.raise_signal(signal.SIGINT)
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", interrupted)
    with pytest.raises(KeyboardInterrupt), terminable(), scratch_folder():
        pytest.fail("it went on")
    (folder,) = made
    assert not folder.exists()
