"""A run that is ended from outside: soon, with nothing left but the run folder, which can be rendered."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.faults import Copy
from tests.process.measuring import Finished, cli, finish, processes_of, start_cli
from tests.process.misbehaviour import SAID_BEFORE
from tests.process.scenarios import write_scenario

pytestmark = [pytest.mark.process, pytest.mark.release]

_ENDING_S = 30
_REACHING_S = 120
_POLL_S = 0.05
_HANGS_WHILE = {"storing": "hung-storing", "reading": "hung"}

Signal = Callable[["subprocess.Popen[str]"], None]


def _interrupt(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)


def _interrupt_the_group(process: "subprocess.Popen[str]") -> None:
    """As Ctrl-C in a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def _interrupt_impatiently(process: "subprocess.Popen[str]") -> None:
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)


def _terminate(process: "subprocess.Popen[str]") -> None:
    process.terminate()


@contextmanager
def _running(temporary: Path, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    temporary.mkdir()
    process = start_cli("run", *arguments, TMPDIR=str(temporary))
    try:
        yield process
    finally:
        process.kill()


def _wait_until(reached: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + _REACHING_S
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(_POLL_S)


def _misbehaves(temporary: Path) -> bool:
    outputs = temporary.glob("cachekit-memprobe-*/replays/hung*/*/output.txt")
    return any(SAID_BEFORE in output.read_text(errors="replace") for output in outputs)


@pytest.mark.parametrize(
    ("moment", "end", "status", "isolation"),
    [
        ("storing", _interrupt_the_group, 130, "fork"),
        ("storing", _interrupt_the_group, 130, "fresh"),
        ("storing", _terminate, 143, "fork"),
        ("reading", _interrupt, 130, "fork"),
        ("reading", _interrupt_impatiently, 130, "fork"),
        ("reading", _terminate, 143, "fork"),
        ("reading", _terminate, 143, "fresh"),
    ],
)
def test_while_measuring(
    moment: str, end: Signal, status: int, isolation: str, faulty: Callable[[str], Copy], tmp_path: Path
) -> None:
    name = _HANGS_WHILE[moment]
    scenario = write_scenario(tmp_path / f"{name}.toml")
    temporary, run = tmp_path / "tmp", tmp_path / "run"
    python = str(faulty("misbehaves").python)
    narrow = ("--instrument", "memray", "--python", python, "--isolation", isolation, "--out", str(run))
    with _running(temporary, str(scenario), *narrow) as process:
        _wait_until(lambda: _misbehaves(temporary), process)
        end(process)
        ended = finish(process, _ENDING_S)
    assert ended.status == status, ended.stderr
    assert processes_of(temporary) == []
    assert list(temporary.iterdir()) == []
    assert "Traceback" not in ended.stderr
    _renders_as_not_measured(cli("report", str(run)), name)


def _renders_as_not_measured(report: Finished, scenario: str) -> None:
    assert report.status == 3, report.stderr
    assert scenario in report.stdout
    assert "the run ended before this scenario was measured" in " ".join(report.stdout.split())


@pytest.mark.parametrize(("end", "status"), [(_interrupt_the_group, 130), (_terminate, 143)])
def test_while_resolving(end: Signal, status: int, tmp_path: Path) -> None:
    started = tmp_path / "started"
    silent = tmp_path / "python"
    silent.write_text(f'#!/bin/sh\ntouch "{started}"\nexec sleep 3600\n')
    silent.chmod(0o755)
    temporary, run = tmp_path / "tmp", tmp_path / "run"
    with _running(temporary, "arrow-l1-hit", "--python", str(silent), "--out", str(run)) as process:
        _wait_until(started.exists, process)
        end(process)
        ended = finish(process, _ENDING_S)
    assert ended.status == status, ended.stderr
    assert processes_of(temporary) == []
    assert list(temporary.iterdir()) == []
    assert not run.exists()
