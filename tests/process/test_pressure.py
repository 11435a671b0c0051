"""The kernel takes library pages from a process while it reads: its figures are never published."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.metrics import RSS
from cachekit_memprobe.model import Target
from tests.process.faults import Copy
from tests.process.measuring import measured, result_of

pytestmark = [pytest.mark.process, pytest.mark.release]


def test_a_read_that_lost_pages_is_measured_again_and_that_is_said(
    newest: Target, faulty: Callable[[str], Copy], tmp_path: Path
) -> None:
    target = Target("pressed", faulty("loses-pages-first").python, newest.versions)
    report = measured(target, ["arrow-l1-hit"], tmp_path / "run", size_mib=8, instruments=(RSS,))
    result = result_of(report, "arrow-l1-hit")
    assert result.reason is None
    assert result.metrics["rss.peak"] == pytest.approx(1, abs=0.1)
    (note,) = result.notes
    assert note.startswith("a process was measured again by rss: the kernel had taken pages of it away")


def test_a_read_that_always_loses_pages_cannot_be_measured(
    newest: Target, faulty: Callable[[str], Copy], tmp_path: Path
) -> None:
    target = Target("pressed", faulty("loses-pages-always").python, newest.versions)
    report = measured(target, ["arrow-l1-hit"], tmp_path / "run", size_mib=8, instruments=(RSS,))
    result = result_of(report, "arrow-l1-hit")
    assert (exit_code(report), result.metrics) == (3, {})
    assert "the kernel took pages away from the measured process, in each of 4 attempts" in str(result.reason)
