import os
import signal
import sys
from pathlib import Path

import pytest

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.servers import process
from cachekit_memprobe.servers.process import ServerProcess, on_a_free_port

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


class TestPorts:
    """A server that ends when its port is odd, as if somebody else had it."""

    def start(self, port: int) -> ServerProcess:
        self.tried.append(port)
        code = f"import sys, time; sys.exit('in use') if {port} % 2 else time.sleep(600)"
        return ServerProcess("the server", (sys.executable, "-c", code), self.folder)

    def started_on(
        self, ports: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[ServerProcess, int]:
        self.tried: list[int] = []
        self.folder = tmp_path
        offered = iter(ports)
        monkeypatch.setattr(process, "free_port", lambda: next(offered))
        return on_a_free_port(self.start, lambda _server, port: port % 2 == 0)

    def test_one_that_is_taken_meanwhile_is_not_the_last(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server, port = self.started_on([1, 3, 4], tmp_path, monkeypatch)
        assert (port, self.tried) == (4, [1, 3, 4])
        server.close()

    def test_there_is_an_end_to_trying(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(CouldNotMeasure, match="ended with status 1; the last it said:\n  in use"):
            self.started_on([1] * 10, tmp_path, monkeypatch)
        assert len(self.tried) == process._PORTS_TRIED

    def test_an_interrupt_leaves_no_server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tried, self.folder = [], tmp_path
        started: list[ServerProcess] = []

        def interrupted(server: ServerProcess, _port: int) -> bool:
            started.append(server)
            raise KeyboardInterrupt

        monkeypatch.setattr(process, "free_port", lambda: 2)
        with pytest.raises(KeyboardInterrupt):
            on_a_free_port(self.start, interrupted)
        assert started[0]._process.returncode == -signal.SIGKILL
