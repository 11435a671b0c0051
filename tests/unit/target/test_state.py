"""What sets an installed cachekit apart from the release of its version."""

import json
import os
import py_compile
import shutil
import subprocess
import time
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest

from cachekit_memprobe.target.interpreter import describe
from tests.unit.target.venvs import add_package, make_venv, record_package, row

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_venv(tmp_path_factory.mktemp("bare") / "venv").parents[1]


class Installed:
    """A cachekit 0.17.1 of one file in an environment, as an installer would have left it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        add_package(self.python, "cachekit", "0.17.1", "x = 1\n")
        (self.site,) = folder.glob("lib/python*/site-packages")
        self.metadata = self.site / "cachekit-0.17.1.dist-info"
        self.module = self.site / "cachekit" / "__init__.py"

    def record(self, *lines: str) -> None:
        (self.metadata / "RECORD").write_text("".join(f"{line}\n" for line in lines))

    def origin(self, **told: object) -> None:
        (self.metadata / "direct_url.json").write_text(json.dumps({"url": "file:///src", **told}))

    def move_to(self, checkout: Path) -> Path:
        """Make it an editable one; its module."""
        shutil.move(self.site / "cachekit", checkout / "cachekit")
        (self.site / "cachekit.pth").write_text(f"{checkout}\n")
        self.record("cachekit.pth,sha256=abc,3")
        self.origin(dir_info={"editable": True})
        return checkout / "cachekit" / "__init__.py"

    def state(self, releases: Path | None = None) -> str:
        versions = describe(self.python, releases)
        assert versions["cachekit"] == "0.17.1"
        return versions.get("cachekit_state", "")


@pytest.fixture
def installed(bare: Path, tmp_path: Path) -> Installed:
    shutil.copytree(bare, tmp_path / "venv", symlinks=True)
    return Installed(tmp_path / "venv")


ROW = row("cachekit/__init__.py", b"x = 1\n")


class TestAnInstalledRelease:
    def test_is_nothing_but_that(self, installed: Installed) -> None:
        installed.record(
            ROW, "cachekit/__pycache__/__init__.cpython-311.pyc,,", "cachekit-0.17.1.dist-info/RECORD,,"
        )
        assert installed.state() == ""

    def test_without_a_record_is_not_said_to_be_modified(self, installed: Installed) -> None:
        assert installed.state() == ""

    def test_whose_file_was_edited_is_modified(self, installed: Installed) -> None:
        installed.record(ROW)
        installed.module.write_text("x = 2\n")
        assert installed.state() == "modified"

    def test_that_lacks_a_file_is_modified(self, installed: Installed) -> None:
        installed.record(ROW, row("cachekit/other.py", b""))
        assert installed.state() == "modified"

    def test_with_a_file_more_is_modified(self, installed: Installed) -> None:
        installed.record(ROW)
        (installed.site / "cachekit" / "more.py").touch()
        assert installed.state() == "modified"

    def test_whose_file_was_edited_behind_its_back_is_modified(self, installed: Installed) -> None:
        """With the size and the date of before: Python runs the bytecode of the file that was there."""
        installed.record(ROW)
        before = installed.module.stat()
        installed.module.write_text("x = 2\n")
        os.utime(installed.module, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert installed.state() == "modified"

    @pytest.mark.parametrize("mode", [PycInvalidationMode.TIMESTAMP, PycInvalidationMode.UNCHECKED_HASH])
    def test_that_runs_the_bytecode_of_another_source_is_modified(
        self, installed: Installed, mode: PycInvalidationMode
    ) -> None:
        installed.record(ROW)
        before = installed.module.stat()
        installed.module.write_text("x = 2\n")
        os.utime(installed.module, ns=(before.st_atime_ns, before.st_mtime_ns))
        py_compile.compile(str(installed.module), invalidation_mode=mode)
        time.sleep(0.02)  # the kernel's clock of files ticks every few milliseconds
        installed.module.write_text("x = 1\n")
        os.utime(installed.module, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert installed.state() == "modified"
        py_compile.compile(str(installed.module), invalidation_mode=mode)
        assert installed.state() == ""

    def test_with_bytecode_that_has_no_source_is_modified(self, installed: Installed) -> None:
        installed.record(ROW)
        (installed.site / "cachekit" / "more.pyc").touch()
        assert installed.state() == "modified"


def test_an_instrument_with_other_files_than_were_installed_is_told(installed: Installed) -> None:
    add_package(installed.python, "memray", "1.0", "y = 1\n")
    record_package(installed.python, "memray", "1.0")
    assert "modified" not in describe(installed.python)
    (installed.site / "memray" / "__init__.py").write_text("y = 2\n")
    assert describe(installed.python)["modified"] == "memray"


@pytest.mark.parametrize(
    ("origin", "state"),
    [
        ({"dir_info": {}}, "built from a source tree"),
        ({"vcs_info": {"vcs": "git", "commit_id": "3f2a1bc0d9e8f7a6b5c4"}}, "commit 3f2a1bc0d9e8"),
        ({"archive_info": {}}, "installed from a file"),
    ],
)
def test_an_installation_from_elsewhere_says_so(
    installed: Installed, origin: dict[str, object], state: str
) -> None:
    installed.record(ROW)
    installed.origin(**origin)
    assert installed.state() == state


class TestAnEditableCheckout:
    def test_is_compared_with_the_files_of_the_release(self, installed: Installed, tmp_path: Path) -> None:
        module = installed.move_to(tmp_path)
        (released,) = tmp_path.glob("venv/lib/*")
        released = tmp_path / "releases" / "cachekit-0.17.1-x" / "lib" / released.name / "site-packages"
        (released / "cachekit-0.17.1.dist-info").mkdir(parents=True)
        native = row("cachekit/_rust.so", b"compiled elsewhere")
        (released / "cachekit-0.17.1.dist-info" / "RECORD").write_text(f"{ROW}\n{native}\n")
        assert installed.state(tmp_path / "releases") == "editable"
        module.write_text("x = 2\n")
        assert installed.state(tmp_path / "releases") == "editable, modified"

    def test_is_compared_with_the_tag_of_its_version(self, installed: Installed, tmp_path: Path) -> None:
        module = installed.move_to(tmp_path)
        git(tmp_path, "init", "-q")
        git(tmp_path, "add", "cachekit")
        git(tmp_path, "commit", "-qm", "one")
        commit = git(tmp_path, "rev-parse", "--short=12", "HEAD")
        assert installed.state() == f"editable, commit {commit}"
        git(tmp_path, "tag", "v0.17.1")
        assert installed.state() == "editable"
        module.write_text("x = 2\n")
        assert installed.state() == "editable, modified"
        git(tmp_path, "commit", "-qam", "two")
        assert installed.state() == "editable, modified"

    def test_is_no_more_than_that_where_nothing_can_be_compared(
        self, installed: Installed, tmp_path: Path
    ) -> None:
        installed.move_to(tmp_path)
        assert installed.state(tmp_path / "none") == "editable"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    ended = subprocess.run(
        ("git", "-C", folder, *identity, *arguments), check=True, capture_output=True, text=True
    )
    return ended.stdout.strip()
