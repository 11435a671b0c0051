"""Measuring for real: in this process through the pipeline, or as a user does through the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from cachekit_memprobe import pipeline
from cachekit_memprobe.metrics import ALIASING, MEMRAY, RSS, TRACEMALLOC
from cachekit_memprobe.model import Run, RunOptions, Scenario, Step, Target
from cachekit_memprobe.result import Report, Result, SiteUsage
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import load_bundled, with_overrides
from cachekit_memprobe.sweep import Sweep

EVERY_STAGED = (RSS, TRACEMALLOC, MEMRAY, ALIASING)
MIB = 1 << 20
_ROOT = Path(__file__).parents[2]


def measured(
    target: Target, names: Sequence[str], folder: Path, *, size_mib: int, instruments: Sequence[str]
) -> Report:
    """A report on bundled scenarios; ``folder`` is the new run folder."""
    scenarios = [with_overrides(load_bundled(name), size_bytes=size_mib * MIB) for name in names]
    return run_here(target, scenarios, folder, RunOptions(tuple(instruments)))


def run_here(
    target: Target,
    scenarios: Sequence[Scenario],
    folder: Path,
    options: RunOptions,
    sweep: Sweep | None = None,
) -> Report:
    """A report on scenarios; ``folder`` is the new run folder."""
    planned = Run.planned(target, options, scenarios, sweep)
    return pipeline.run(planned, RunFolder.create(folder), silent)


def silent(_step: Step) -> None:
    """Nobody watches the progress."""


def result_of(report: Report, scenario: str) -> Result:
    (result,) = (result for result in report.results if result.scenario.name == scenario)
    return result


def large_sites(result: Result, stage: str) -> list[SiteUsage]:
    """The lines of a stage that allocated at least a twentieth of the payload."""
    assert result.payload is not None
    least_bytes = result.payload.logical_bytes / 20
    return [
        site
        for usage in result.stages
        if usage.name == stage
        for site in usage.sites
        if site.moved_bytes >= least_bytes
    ]


@dataclass(frozen=True)
class Finished:
    """What a run of the command line left: its exit status and what it printed."""

    status: int
    stdout: str
    stderr: str

    def result(self, scenario: str) -> dict[str, Any]:
        """A scenario's result in the JSON on stdout."""
        (result,) = (entry for entry in json.loads(self.stdout)["results"] if entry["scenario"] == scenario)
        return dict(result)


def start_cli(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """The command line in a session of its own, as a terminal's shell would have it in a group."""
    return subprocess.Popen(
        [sys.executable, "-m", "cachekit_memprobe", *arguments],
        env={**os.environ, "PYTHONPATH": str(_ROOT), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[str]", timeout_s: float = 240) -> Finished:
    with process:
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        finally:
            process.kill()
    return Finished(process.returncode, stdout, stderr)


def cli(*arguments: str, **variables: str) -> Finished:
    """The command line, with additional environment variables."""
    return finish(start_cli(*arguments, **variables))


def processes_of(folder: Path) -> list[str]:
    """The command lines of running processes that name the folder or are in it, as every child is."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        command = " ".join(process.info["cmdline"] or ())
        told = (command, process.info["cwd"] or "")
        if any(str(folder) in text for text in told) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(command)
    return found
