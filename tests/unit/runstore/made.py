"""Run folders as they are saved today, and what the tests do to them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.seen import MemraySeen, Note, ReadFigures, RssSample, RssSeen
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.model import Measurement, Observations, Run, RunOptions, Scenario
from cachekit_memprobe.runstore import RunFolder
from tests.golden.reports import CREATED, PAYLOAD, SCENARIO, TARGET

OPTIONS = RunOptions(
    ("rss", "memray"), reads=2, repeat=2, timeout_s=12.5, jobs=1, as_deployed=True, isolation="fresh"
)
OTHER = replace(SCENARIO, name="a-first-in-the-alphabet", source="/home/someone/mine/a-first.toml")
CAPTURE = "scenarios/arrow-l1-hit/memray.bin"
RSS = (
    RssSeen("0.9.1", False, (ReadFigures(1, 2, 3, 4, 5, -5, 7, 8, course=(RssSample(9, -5, 6, -7),)),)),
    RssSeen("0.9.1", reads=(ReadFigures(1, 2, 3, 4, 5, 6, 7, 8),)),
)


def memray_seen(folder: Path) -> MemraySeen:
    """As the probe tells it, with the capture's whole path."""
    return MemraySeen(
        release="0.9.1",
        stage_calls={"unwrap": 1},
        journal=(Note("open"), Note("move", Place("unwrap", "f", "cachekit/a.py", 1)), Note("close")),
        herald_bytes=40_042,
        marks=20_000,
        package_folder="/venv/lib",
        memray="1.20.0",
        sources={"cachekit/a.py:1": "größe()"},
        capture=str(folder / CAPTURE),
    )


def run_of(*scenarios: Scenario) -> Run:
    return Run(CREATED, TARGET, OPTIONS, scenarios)


def measured(scenario: Scenario = SCENARIO, seen: Observations | None = None) -> Measurement:
    return Measurement(scenario, PAYLOAD, seen or Observations())


def begun(path: Path, scenarios: Sequence[Scenario] = (SCENARIO,)) -> RunFolder:
    """The folder of a run that has measured nothing yet."""
    folder = RunFolder.create(path)
    folder.save_run(run_of(*scenarios))
    return folder


def saved(path: Path) -> RunFolder:
    """The folder of a run of one scenario, with a memray capture."""
    folder = begun(path)
    folder.capture_of("arrow-l1-hit").write_bytes(b"capture")
    folder.save_measurement(measured(seen=Observations(rss=RSS, memray=memray_seen(folder.path))))
    return folder


def unsealed(folder: RunFolder) -> RunFolder:
    """As one that was saved before there were checksums."""
    for sums in folder.path.rglob("SHA256SUMS"):
        sums.unlink()
    return folder


def edit(file: Path, change: Callable[[Any], object]) -> None:
    """Change the document of a file, which has no checksum from then on."""
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")
    file.with_name("SHA256SUMS").unlink(missing_ok=True)
