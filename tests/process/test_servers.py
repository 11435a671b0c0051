"""Real servers: started, used, and gone."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from cachekit_memprobe import programs
from cachekit_memprobe.child.workload.login import log_in
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Connection, Target
from cachekit_memprobe.servers import OwnServers, process, serving
from cachekit_memprobe.servers.memcached import start_memcached
from tests.conftest import Home
from tests.process.measuring import MIB, finish, start_cli
from tests.process.serving import (
    SIZE_MIB,
    measured,
    needs_linux,
    needs_memcached,
    scenario_of,
    servers_of,
    still_running,
    texts_in,
)

pytestmark = pytest.mark.process

_ARENA = 1 / SIZE_MIB
"""pymalloc's, in payloads: some reads need one more, in whichever stage the last one happens to be full."""


class TestMeasuring:
    """What the client libraries take for the stored bytes is told by the scenarios' comments."""

    @pytest.mark.parametrize(
        ("name", "copies", "held"),
        [
            ("redis-l2-hit", 2, 1),  # hiredis keeps its buffer
            pytest.param("memcached-l2-hit", 2, 0, marks=needs_memcached),
            ("cachekitio-l2-hit", 1, 0),
        ],
    )
    def test_a_read_from_a_server_is_booked_on_its_stage(
        self, name: str, copies: int, held: int, installed: Target, tmp_path: Path
    ) -> None:
        result = measured(name, installed, tmp_path / "run")
        assert result.reason is None
        # hiredis's buffer grows by 1 MiB at a time.
        assert result.metrics["copies.backend_get"] == pytest.approx(copies, abs=0.2 + _ARENA)
        assert result.metrics["copies.materialize"] == pytest.approx(1, abs=0.05 + _ARENA)
        (backend_get,) = (stage for stage in result.stages if stage.name == "backend_get")
        assert backend_get.sites[0].place.file.startswith("cachekit/backends/")
        assert backend_get.survived_bytes / (SIZE_MIB * MIB) == pytest.approx(held, abs=0.2)
        assert not servers_of(os.getpid())

    def test_the_key_of_an_encrypted_read_is_written_nowhere(
        self, installed: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[str] = []
        make = secrets.token_hex

        def token_hex(size: int) -> str:
            made.append(make(size))
            return made[-1]

        monkeypatch.setattr(secrets, "token_hex", token_hex)
        result = measured("redis-l2-hit-encrypted", installed, tmp_path / "run")
        assert result.metrics["copies.decrypt"] == pytest.approx(3, abs=0.1 + _ARENA)
        keys = [token.encode() for token in made if len(token) >= 32]
        assert sorted(map(len, keys)) == [32, 64]  # the server's password, the master key
        assert not [text for text in texts_in(tmp_path / "run") for key in keys if key in text]
        assert not [name for name in os.environ if "MASTER_KEY" in name]


class TestServing:
    def test_a_server_is_started_once_and_only_if_it_is_needed(self, tmp_path: Path) -> None:
        scenarios = [scenario_of(name) for name in ("redis-l2-hit", "redis-l2-hit-bytes", "arrow-l1-hit")]
        with serving(scenarios, OwnServers(), tmp_path / "servers") as servers:
            (server,) = servers_of(os.getpid())
            with servers.connect(scenarios[0]) as one, servers.connect(scenarios[1]) as other:
                assert one.environment == other.environment
                assert one.link.namespace != other.link.namespace
            with servers.connect(scenarios[2]) as connection:
                assert connection == Connection()
        assert not still_running([server])

    def test_nothing_secret_is_on_disk_or_in_an_argument(self, tmp_path: Path) -> None:
        scenarios = [scenario_of("redis-l2-hit"), scenario_of("cachekitio-l2-hit")]
        with serving(scenarios, OwnServers(), tmp_path / "servers") as servers:
            hidden = []
            for scenario in scenarios:
                with servers.connect(scenario) as connection:
                    assert "namespace" not in repr(connection)
                    url = connection.environment.get("CACHEKIT_REDIS_URL", "")
                    hidden.append(connection.link.api_key or urlsplit(url).password or "")
            arguments = [word for server in servers_of(os.getpid()) for word in server.cmdline()]
            texts = [*texts_in(tmp_path), "\n".join(arguments).encode()]
        assert len(arguments) > 1
        assert all(len(secret) > 16 for secret in hidden)
        assert not [text for text in texts for secret in hidden if secret.encode() in text]

    @pytest.mark.parametrize(
        "deep", [False, pytest.param(True, marks=needs_linux)], ids=["", "its path is too long for a socket"]
    )
    def test_nobody_else_on_the_machine_reaches_the_redis_server(self, deep: bool, tmp_path: Path) -> None:
        folder, scenario = tmp_path / ("a b'c?d#" * 12 if deep else "x"), scenario_of("redis-l2-hit")
        with serving([scenario], OwnServers(), folder) as servers:
            (server,) = servers_of(os.getpid())
            with servers.connect(scenario) as connection:
                assert connection.link.namespace
            assert [one for one in server.net_connections(kind="inet") if one.status == "LISTEN"] == []
            (listening,) = folder.glob(f"*/{process.SOCKET}")
            assert stat.S_ISSOCK(listening.stat().st_mode)
            assert listening.parent.stat().st_mode & 0o077 == 0

    @needs_memcached
    def test_nobody_else_on_the_machine_gets_anything_from_memcached(self, tmp_path: Path) -> None:
        scenario = scenario_of("memcached-l2-hit")
        with (
            serving([scenario], OwnServers(), tmp_path) as servers,
            servers.connect(scenario) as connection,
            socket.create_connection(("127.0.0.1", int(connection.link.servers.rpartition(":")[2]))) as other,
        ):
            other.sendall(b"stats\r\n")
            assert other.recv(4096).startswith(b"CLIENT_ERROR unauthenticated")
            with pytest.raises(ConnectionRefusedError):
                log_in(other, "memprobe nonsense")
            password = connection.link.login.split()[1].encode()
            assert not [text for text in texts_in(tmp_path) if password in text]

    @needs_memcached
    def test_memcached_does_not_mistake_another_server_for_its_own(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
        one = start_memcached(tmp_path / "one", [MIB])
        try:
            taken = int(one.connection("x").link.servers.rpartition(":")[2])
            ports = iter([taken, process.free_port()])
            monkeypatch.setattr(process, "free_port", lambda: next(ports))
            other = start_memcached(tmp_path / "other", [MIB])
            try:
                assert other.connection("x").link.servers != one.connection("x").link.servers
            finally:
                other.close()
        finally:
            one.close()

    @pytest.mark.parametrize(
        ("name", "program", "remedy"),
        [
            ("redis-l2-hit", "redis_server", "--redis-url"),
            ("memcached-l2-hit", "memcached", "apt-get install memcached"),
        ],
    )
    def test_no_program(
        self, name: str, program: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(programs, program, lambda: None)
        scenario = scenario_of(name)
        with (
            serving([scenario], OwnServers(), tmp_path) as servers,
            pytest.raises(CouldNotMeasure, match=remedy),
            servers.connect(scenario),
        ):
            pytest.fail("there is nothing to connect to")

    def test_a_program_that_does_not_run_is_told_with_what_it_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken = tmp_path / "valkey-server"
        broken.write_text("#!/bin/sh\necho no such option; exit 3\n")
        broken.chmod(0o755)
        monkeypatch.setattr(programs, "redis_server", lambda: broken)
        scenario = scenario_of("redis-l2-hit")
        with (
            serving([scenario], OwnServers(), tmp_path / "servers") as servers,
            pytest.raises(CouldNotMeasure, match="ended with status 3; the last it said:\n  no such option"),
            servers.connect(scenario),
        ):
            pytest.fail("there is nothing to connect to")


@needs_linux
class TestEnding:
    @pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
    def test_nothing_keeps_running(self, signum: int, tmp_path: Path, isolated_home: Home) -> None:
        before = set(isolated_home.temp.iterdir())
        command = ("run", "redis-l2-hit", "cachekitio-l2-hit", "--size", "32MiB")
        run = start_cli(*command, "--out", str(tmp_path / "run"))
        try:
            started = until(lambda: servers_of(run.pid) if len(servers_of(run.pid)) == 2 else None)
            measuring = until(lambda: [*measured_processes(run.pid)] or None)
            run.send_signal(signum)
        finally:
            ended = finish(run)
        assert ended.status == (130 if signum == signal.SIGINT else -signum)
        assert not still_running([*started, *measuring])
        left = set(isolated_home.temp.iterdir()) - before
        if signum == signal.SIGKILL:  # nobody was there to remove them
            for path in left:
                shutil.rmtree(path)
        else:
            assert not left


def measured_processes(pid: int) -> Iterator[psutil.Process]:
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.Error):
            if any(word.endswith("/child/__main__.py") for word in child.cmdline()):
                yield child


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (result := found()) is not None:
            return result
        time.sleep(0.02)
    pytest.fail("it did not come to that")
