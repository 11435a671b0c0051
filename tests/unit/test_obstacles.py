"""What keeps the tool from working is told in a sentence; a fault of its own is not taken for it."""

import errno
import importlib
import sys
from pathlib import Path

import pytest

from cachekit_memprobe.obstacles import folder_is_gone, obstacle

_BROKEN = {
    "missing": "import nowhere_at_all",
    "half written": "def (",
    "of another version": "import sys\nsys.nothing",
    "unreadable": "raise OSError(5, 'Input/output error')",
}


@pytest.fixture
def brittle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code of a package that can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "brittle").mkdir()
    return tmp_path / "brittle" / "__init__.py"


@pytest.mark.parametrize("kind", _BROKEN)
def test_a_broken_package_is_named_with_the_remedy(brittle: Path, kind: str) -> None:
    brittle.write_text(_BROKEN[kind])
    name = "nowhere_at_all" if kind == "missing" else "brittle"
    with pytest.raises(Exception) as caught:  # noqa: PT011
        importlib.import_module("brittle")
    told = obstacle(caught.value) or ""
    assert told.startswith(f"the package {name} is missing or broken (")
    assert told.endswith(f"; install it again: pip install --force-reinstall {name}")
    assert "\n" not in told


def test_so_is_one_whose_bytecode_was_cut_off(brittle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up does it: Python doesn't look whether all of it was written."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    brittle.write_text("x = 1\n")
    importlib.import_module("brittle")
    (bytecode,) = brittle.parent.glob("__pycache__/*.pyc")
    bytecode.write_bytes(bytecode.read_bytes()[:40])
    del sys.modules["brittle"]
    with pytest.raises(EOFError) as caught:
        importlib.import_module("brittle")
    assert "the package brittle is missing or broken" in (obstacle(caught.value) or "")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "not enough memory"),
        (ImportError("x.so: failed to map segment from shared object", name="x"), "not enough memory"),
        (RuntimeError("can't start new thread"), "no thread can be started"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "ulimit -u"),
        (ModuleNotFoundError("No module named '_ctypes'", name="_ctypes"), "use another Python"),
    ],
)
def test_what_the_machine_lacks_is_told(error: Exception, told: str) -> None:
    assert told in (obstacle(error) or "")


def test_a_fault_of_the_tool_is_none() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert obstacle(caught.value) is None
    assert obstacle(FileNotFoundError(errno.ENOENT, "No such file or directory", "x")) is None


def test_a_deleted_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    assert not folder_is_gone()
    gone.rmdir()
    assert folder_is_gone()
