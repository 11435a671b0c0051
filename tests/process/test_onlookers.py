"""Targets whose environment brings tracers and profilers along: they change no figure, or are refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.metrics import MEMRAY, RSS, TRACEMALLOC
from cachekit_memprobe.model import RunOptions, Target
from cachekit_memprobe.result import Result
from cachekit_memprobe.scenario import load_bundled, with_overrides
from tests.process.faults import Edit, Workshop
from tests.process.injected import _ARROW
from tests.process.measuring import MIB, run_here

pytestmark = [pytest.mark.process, pytest.mark.release]

_ALL = """
import gc, signal, sys, threading, tracemalloc
seen = []
def watch(frame, event, arg):
    seen.append((frame.f_code.co_name, event, frame.f_lineno))
    return watch
tracemalloc.start(25)
sys.setprofile(watch)
threading.setprofile(watch)
signal.signal(signal.SIGPROF, lambda *_: seen.append(bytes(1 << 16)))
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
gc.disable()
gc.set_threshold(0)
sys.settrace(watch)
threading.settrace(watch)
"""
_MEMRAY = """
import memray, tempfile
tracker = memray.Tracker(tempfile.mktemp())
tracker.__enter__()
"""

Customized = Callable[..., Target]


@pytest.fixture
def customized(workshop: Workshop, newest: Target) -> Customized:
    """The newest release in an environment that runs code of its own when Python starts."""

    def made(name: str, code: str, *edits: Edit) -> Target:
        copy = workshop.faulty(name, edits)
        (packages,) = copy.python.parents[1].glob("lib/python*/site-packages")
        (packages / "customized.py").write_text(code)
        (packages / "zz-customized.pth").write_text("import customized\n")
        return Target(name, copy.python, newest.versions)

    return made


def measured(target: Target, folder: Path, *instruments: str) -> Result:
    scenario = with_overrides(load_bundled("arrow-l1-hit"), size_bytes=8 * MIB)
    (result,) = run_here(target, [scenario], folder, RunOptions(instruments, jobs=2)).results
    return result


def test_what_watches_from_the_start_changes_no_figure(customized: Customized, tmp_path: Path) -> None:
    """And what the import of cachekit starts, neither."""
    edit = Edit(_ARROW, "", "import xxhash\n", "import tracemalloc, xxhash\ntracemalloc.start()\n")
    watched = measured(customized("watched", _ALL, edit), tmp_path / "run", RSS, TRACEMALLOC, MEMRAY)
    assert watched.reason is None
    names = ("rss.peak", "peak.tracemalloc", "peak.heap", "copies.total")
    assert [watched.metrics[name] for name in names] == pytest.approx([1, 0, 1, 1], abs=0.1)
    assert watched.metrics["rss.settled"] == pytest.approx(0, abs=0.1 + 1 / 8)  # an arena, of 8 MiB


@pytest.mark.parametrize("instrument", [RSS, MEMRAY])
def test_memray_that_runs_already_is_refused(instrument: str, customized: Customized, tmp_path: Path) -> None:
    result = measured(customized(f"with-memray-{instrument}", _MEMRAY), tmp_path / "run", instrument)
    assert str(result.reason).startswith("memray tracks the measured process already")
