"""A file is there whole, or as it was before."""

import os
import stat
from pathlib import Path

import pytest

from cachekit_memprobe import runstore
from cachekit_memprobe.errors import MemprobeError


def test_other_users_may_read_it_as_the_umask_says(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        runstore.write_atomically(tmp_path / "report.json", "text")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o644


def test_a_failure_leaves_what_was_there_and_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.json"
    file.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MemprobeError, match=r"can't write .*report\.json: No space left on device"):
        runstore.write_atomically(file, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert file.read_text() == "old"


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("real.json")
    runstore.write_atomically(tmp_path / "link.json", "text")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "text"
