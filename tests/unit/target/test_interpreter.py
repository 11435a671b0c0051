import stat
import sys
from pathlib import Path

import pytest

from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.target import interpreter, resolve
from tests.unit.target.venvs import add_package, make_venv

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_venv(tmp_path_factory.mktemp("empty") / "venv")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    python = make_venv(tmp_path / "venv")
    code = "import os\nraise RuntimeError('key ' + os.environ.get('CACHEKIT_MASTER_KEY', 'unseen'))\n"
    add_package(python, "cachekit", "0.9.1", code)
    return python


def test_the_installed_one_is_this_tools_own() -> None:
    target = resolve("installed")
    assert (target.spec, target.python) == ("installed", Path(sys.executable))
    assert target.cachekit == target.versions["cachekit"]


def test_another_one_keeps_its_venv(tmp_path: Path) -> None:
    python = make_venv(tmp_path / "venv")
    add_package(python, "cachekit", "0.9.1")
    target = resolve("installed", python)
    assert (target.spec, target.python, target.cachekit) == (str(python), python, "0.9.1")
    assert python.is_symlink()
    assert "pandas" not in target.versions


def test_without_cachekit(venv: Path) -> None:
    with pytest.raises(CouldNotMeasure, match=r"not installed in .*--cachekit latest"):
        resolve("installed", venv)


def test_whose_cachekit_dies_at_import(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", "secret")
    with pytest.raises(CouldNotMeasure, match=r"0\.9\.1 can't be imported") as caught:
        resolve("installed", broken)
    assert "RuntimeError: key unseen" in str(caught.value)


def test_that_is_too_old(tmp_path: Path) -> None:
    script = _script(tmp_path, """echo '{"python": "3.9.18"}' > "$3" """)
    with pytest.raises(UsageError, match=r"is Python 3\.9\.18; .* needs 3\.10"):
        resolve("installed", script)


def test_that_is_no_file(venv: Path, tmp_path: Path) -> None:
    folder = venv.parent.parent
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for path, message in (
        (tmp_path / "nothing", "does not exist"),
        (tmp_path / "dangling", "symlink to nothing"),
        (tmp_path, "is a directory, not an interpreter"),
        (folder, f"did you mean {venv}"),
    ):
        with pytest.raises(UsageError, match=message):
            resolve("installed", path)


def test_that_is_no_python(tmp_path: Path) -> None:
    script = _script(tmp_path, "exit 7")
    with pytest.raises(UsageError, match=r"not a Python interpreter .*: it ended with status 7"):
        resolve("installed", script)
    script.write_text("exit 7")
    with pytest.raises(UsageError, match=r"not a Python interpreter .*: Exec format error"):
        resolve("installed", script)
    script.chmod(stat.S_IRUSR)
    with pytest.raises(UsageError, match="can't be executed"):
        resolve("installed", script)


def test_that_only_talks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_TIMEOUT_S", 0.5)
    with pytest.raises(CouldNotMeasure, match="did not answer"):
        resolve("installed", _script(tmp_path, "while :; do echo y; done"))


def _script(folder: Path, text: str) -> Path:
    script = folder / "script"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(stat.S_IRWXU)
    return script
