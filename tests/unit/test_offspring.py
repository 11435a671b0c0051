"""Descendants that have left everything by which they could be known, and processes that are none."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe import offspring

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="only on Linux are processes marked"),
]

_AWAY = """
import os, sys, time
def away(then):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        then()
input()
"""
_WIPED = """
away(lambda: os.execve(sys.executable, [sys.executable, "-c", {sleeper!r}, sys.argv[1]], {{}}))
"""
_SLEEPER = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(3600)"
_CHAIN = """
def chain():
    open(sys.argv[1], "w").write(str(os.getpid()))
    while True:
        if os.fork():
            os._exit(0)
away(chain)
"""


@pytest.fixture
def bystander() -> Iterator[psutil.Process]:
    """A process of the program that this package is part of."""
    with subprocess.Popen(["sleep", "3600"], start_new_session=True) as process:
        yield psutil.Process(process.pid)
        process.kill()


def begun(script: str, told: Path) -> tuple[offspring.Mark, int]:
    """What has been started by a process that has ended meanwhile, which it isn't before it was marked."""
    command = [sys.executable, "-c", _AWAY + script, str(told)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        mark = offspring.mark(process.pid)
        process.communicate(b"\n")
    deadline = time.monotonic() + 30
    while not (told.exists() and told.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return mark, int(told.read_text())


@pytest.mark.parametrize(
    "script", [_WIPED.format(sleeper=_SLEEPER), _CHAIN], ids=["wiped its environment", "keeps forking"]
)
def test_whatever_has_the_mark_is_gone_and_buried(
    script: str, tmp_path: Path, bystander: psutil.Process
) -> None:
    before = set(psutil.Process().children())
    mark, pid = begun(script, tmp_path / "told")
    assert offspring.end(mark)
    assert not psutil.pid_exists(pid)
    assert bystander.status() != psutil.STATUS_ZOMBIE
    assert not set(psutil.Process().children()) - before


def test_no_process_has_the_mark_of_another(bystander: psutil.Process) -> None:
    first, second = offspring.mark(bystander.pid), offspring.mark(bystander.pid)
    assert first != second
    assert not offspring.has(bystander.pid, first)
    assert offspring.has(bystander.pid, second)
    assert not offspring.has(os.getpid(), second)
    assert offspring.end(first)
    assert bystander.is_running()


def test_what_is_gone_has_no_mark() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert offspring.mark(process.pid) == offspring.Mark(None)
    assert offspring.end(offspring.Mark(None))


_NEVER_BURIES = """
import subprocess, sys
child = subprocess.Popen(["sleep", "3600"])
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_one_that_nobody_buries_is_gone_as_well() -> None:
    """As in a container whose first process is none that buries others'."""
    command = [sys.executable, "-c", _NEVER_BURIES]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert offspring.end(offspring.mark(child.pid))
        assert child.status() == psutil.STATUS_ZOMBIE
        parent.communicate()
