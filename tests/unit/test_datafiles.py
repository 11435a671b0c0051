"""What a look at a file in a process of its own leads to, whatever becomes of that process."""

import lzma
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cachekit_memprobe import datafiles
from cachekit_memprobe.child.datafile import NPY, DataFileError
from cachekit_memprobe.datafiles import format_of

CANT_BE_LOOKED_AT = (
    "a.npy: expected Parquet, CSV, Arrow or Feather, .npy or JSON, found what can't be looked at; check that "
    "the file is whole"
)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    datafiles._told.cache_clear()
    yield
    datafiles._told.cache_clear()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(3.0))
    return path


def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str) -> None:
    """Have another program look."""
    script = tmp_path / "child.py"
    script.write_text(program)
    monkeypatch.setattr(datafiles, "_CHILD", script)


def refusal(path: Path) -> str:
    with pytest.raises(DataFileError) as caught:
        format_of(path)
    return str(caught.value)


def test_a_format_and_a_refusal_come_through_whole(file: Path) -> None:
    assert format_of(file) is NPY
    file.write_bytes(b"\x80\x05.")
    assert "found a pickle; a pickle runs code when it is loaded" in refusal(file)


def test_a_file_is_looked_at_again_when_it_has_changed(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(
        monkeypatch,
        tmp_path,
        f"open({str(tmp_path / 'looks')!r}, 'a').write('x')\n"
        """print('{"format": "NumPy", "expected": "", "found": "", "remedy": ""}')""",
    )
    assert format_of(file) is format_of(file) is NPY
    file.write_bytes(b"")
    format_of(file)
    assert (tmp_path / "looks").read_text() == "xx"


@pytest.mark.parametrize(
    "name", ["a\0.npy", "~nosuchuser/a.npy", "a" * 300, "a/" * 3000, "a" * 200_000, "\udcff"]
)
def test_a_name_of_no_file_is_refused(name: str) -> None:
    assert "found" in refusal(Path(name))


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "import os; os.kill(os.getpid(), 9)",
        "raise SystemExit(1)",
        "print('{')",
        "print('[]')",
        "print('\\xff' * 9)",
        """print('{"format": "NumPy"}')""",
        """print('{"format": "Pickle", "expected": "", "found": "", "remedy": ""}')""",
        """print('{"format": "NumPy", "expected": "x", "found": "", "remedy": ""}')""",
        """print('{"format": "", "expected": "x", "found": "", "remedy": ""}')""",
        """print('{"format": 1, "expected": "", "found": "", "remedy": ""}')""",
        """print('{"format": "", "expected": "x", "found": "\\\\u001b[31m", "remedy": "x"}')""",
        """print('{"format": "", "expected": "x", "found": "%s", "remedy": "x"}' % ("x" * 9999))""",
    ],
)
def test_a_process_that_dies_or_answers_nonsense_is_a_sentence(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    answering(monkeypatch, tmp_path, program)
    assert refusal(file) == CANT_BE_LOOKED_AT


def test_one_that_does_not_end_is_a_sentence(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, tmp_path, "while True: pass")
    monkeypatch.setattr(datafiles, "_TIMEOUT_S", 0.2)
    assert "expected a file that can be read, found one that takes more than" in refusal(file)


def test_it_looks_with_little_memory(tmp_path: Path) -> None:
    """An .xz file says how much memory it takes to unpack: here 4 GiB."""
    path = tmp_path / "a.csv.xz"
    large = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    packed = bytearray(lzma.compress(b"a,b\n1,2\n" * 9, filters=large))
    head = bytearray(packed[12 : 12 + (packed[12] + 1) * 4])
    head[4] = 40  # the dictionary's size: all that there is
    head[-4:] = zlib.crc32(head[:-4]).to_bytes(4, "little")
    packed[12 : 12 + len(head)] = head
    path.write_bytes(packed)
    assert "found one that can't be unpacked" in refusal(path)


def test_nothing_but_the_standard_library_is_needed(file: Path) -> None:
    command = [sys.executable, "-I", "-S", str(datafiles._CHILD), "look", str(1 << 28), str(file)]
    said = subprocess.run(command, capture_output=True, check=True, text=True)
    assert said.stdout == '{"format": "NumPy", "expected": "", "found": "", "remedy": ""}\n'
