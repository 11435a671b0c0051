import os
import signal
import sys
from pathlib import Path

import pytest

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.servers import process
from cachekit_memprobe.servers.process import ServerProcess

pytestmark = pytest.mark.process

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")


def test_a_server_runs_until_it_is_closed(tmp_path: Path) -> None:
    server = ServerProcess("the server", SLEEP, tmp_path)
    server.wait_until(lambda: server.said() == "up\n")
    assert server.end() is None
    server.close()
    server.close()
    assert server.end() == "the server was killed by SIGKILL; the last it said:\n  up"


def test_one_that_has_died_can_be_told_things_and_closed(tmp_path: Path) -> None:
    server = ServerProcess("the server", SLEEP, tmp_path)
    os.kill(server.pid, signal.SIGKILL)
    server.tell("anyone?" * 10_000)
    server.tell("hello")
    server.close()


def test_what_it_is_told_is_not_in_its_arguments(tmp_path: Path) -> None:
    echo = (sys.executable, "-c", "import sys; print(sys.stdin.read(), sys.argv)")
    server = ServerProcess("the server", echo, tmp_path)
    server.tell("se")
    server.tell("cret", end=True)
    with pytest.raises(
        CouldNotMeasure, match=r"the server ended with status 0; the last it said:\n  secret \["
    ):
        server.wait_until(lambda: False)
    server.close()


def test_a_server_that_is_slow_is_not_waited_for_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_START_TIMEOUT_S", 0.05)
    server = ServerProcess("the server", SLEEP, tmp_path)
    with pytest.raises(CouldNotMeasure, match=r"the server did not answer within 0\.05 s"):
        server.wait_until(lambda: False)
    server.close()


def test_a_program_that_is_none(tmp_path: Path) -> None:
    server = ServerProcess("the server", (str(tmp_path / "none"),), tmp_path)
    with pytest.raises(CouldNotMeasure, match="the server ended with status 1"):
        server.wait_until(lambda: False)
    server.close()
