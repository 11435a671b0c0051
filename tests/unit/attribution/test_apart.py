import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe.attribution import Captures, reading_captures
from cachekit_memprobe.child.seen import Note
from cachekit_memprobe.errors import CouldNotMeasure
from tests.unit.attribution.recorder import MIB, Recorder, memray_seen

pytestmark = pytest.mark.process


@pytest.fixture
def captures() -> Iterator[Captures]:
    with reading_captures() as captures:
        yield captures


def recorded(recorder: Recorder) -> Recorder:
    """Without native stacks, whose symbols make a reader so large that it ends with its answer."""
    recorder.native = False
    with recorder.recording(), recorder.stage("decode"):
        kept = bytearray(3 * MIB)
        bytearray(2 * MIB)
        kept.clear()
    return recorder


def readers() -> set[psutil.Process]:
    running = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return {child for child in running if "attribution.reader" in str(child.cmdline())}


def test_the_blocks_are_those_that_the_capture_has(recorder: Recorder, captures: Captures) -> None:
    made = recorded(recorder)
    seen = memray_seen(made.journal.entries, package_folder=str(made.folder))
    assert captures.read(made.capture, seen) == made.read()


def test_threads_may_ask_side_by_side(recorder: Recorder, captures: Captures) -> None:
    made = recorded(recorder)
    seen = memray_seen(made.journal.entries, package_folder=str(made.folder))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: captures.read(made.capture, seen), range(6)))
    assert answers == [made.read()] * 6


def test_a_capture_that_cannot_be_read_costs_no_other(recorder: Recorder, captures: Captures) -> None:
    made = recorded(recorder)
    seen = memray_seen(made.journal.entries, package_folder=str(made.folder))
    with pytest.raises(CouldNotMeasure, match="memray's capture can't be read"):
        captures.read(made.folder / "missing.bin", seen)
    with pytest.raises(CouldNotMeasure, match="disagrees with its journal"):
        captures.read(made.capture, memray_seen([*made.journal.entries, Note("close")]))
    assert captures.read(made.capture, seen).blocks


def test_a_reader_that_dies_is_told_and_replaced(recorder: Recorder, captures: Captures) -> None:
    made = recorded(recorder)
    seen = memray_seen(made.journal.entries, package_folder=str(made.folder))
    assert captures.read(made.capture, seen).blocks
    (reader,) = readers()
    os.kill(reader.pid, signal.SIGSEGV)
    with pytest.raises(CouldNotMeasure, match="ended with Segmentation fault; the file is damaged"):
        captures.read(made.capture, seen)
    assert captures.read(made.capture, seen).blocks


def test_no_reader_is_left(recorder: Recorder) -> None:
    made = recorded(recorder)
    seen = memray_seen(made.journal.entries, package_folder=str(made.folder))
    with reading_captures() as captures:
        captures.read(made.capture, seen)
        assert readers()
    assert not readers()
    with pytest.raises(CouldNotMeasure):
        captures.read(made.capture, seen)


def test_a_reader_that_has_become_large_makes_room(recorder: Recorder, captures: Captures) -> None:
    before = psutil.Process().memory_info().rss
    with recorder.recording(), recorder.stage("decode"):
        bytearray(2 * MIB)
    seen = memray_seen(recorder.journal.entries, package_folder=str(recorder.folder))
    for _ in range(3):
        assert captures.read(recorder.capture, seen).blocks
    assert len(readers()) <= 1
    assert psutil.Process().memory_info().rss - before < 30 * MIB


def test_nothing_in_the_working_directory_is_run(
    recorder: Recorder, captures: Captures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recorded(recorder)
    for name in ("json", "memray", "resource"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    assert captures.read(made.capture, memray_seen(made.journal.entries)).blocks
