"""Real servers: started, used, in trouble, and gone."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from cachekit_memprobe import pipeline, programs, target
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.metrics import MEMRAY, RSS
from cachekit_memprobe.model import Connection, Result, RunOptions, Scenario, Target
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import load_bundled, with_overrides
from cachekit_memprobe.servers import OwnServers, process, serving
from cachekit_memprobe.servers.memcached import start_memcached
from cachekit_memprobe.servers.redis import start_redis
from tests.conftest import Home
from tests.process.measuring import MIB, Finished, cli, finish, start_cli

pytestmark = pytest.mark.process

_SIZE_MIB = 8
_SERVERS = ("valkey-server", "redis-server", "memcached", "cachekitio_process.py")

needs_memcached = pytest.mark.skipif(programs.memcached() is None, reason="needs memcached on PATH")
needs_linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")


@pytest.fixture(scope="module")
def installed() -> Target:
    return target.resolve("installed")


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator["OwnRedis"]:
    """A server that plays the user's: with a password, and with an entry of somebody else."""
    folder = tmp_path / "own"
    folder.mkdir()
    server = start_redis(folder)
    try:
        yield OwnRedis(server.connection("nobody").environment["CACHEKIT_REDIS_URL"])
    finally:
        server.close()


class OwnRedis:
    """The user's server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.password = urlsplit(url).password or ""
        self.port = urlsplit(url).port or 0
        with self.client() as client:
            client.set("theirs", b"precious")

    @contextlib.contextmanager
    def client(self) -> Iterator["redis.Redis"]:
        client: redis.Redis = redis.Redis.from_url(self.url)
        try:
            yield client
        finally:
            client.close()

    def keys(self) -> Any:
        with self.client() as client:
            return client.keys("*")


def scenario_of(name: str) -> Scenario:
    return with_overrides(load_bundled(name), size_bytes=_SIZE_MIB * MIB)


def measured(
    name: str,
    installed: Target,
    folder: Path,
    instrument: str = MEMRAY,
    progress: Callable[[str, str], None] = lambda _name, _what: None,
    own: OwnServers | None = None,
) -> Result:
    options = RunOptions((instrument,), reads=1)
    report = pipeline.run(
        [scenario_of(name)], installed, options, RunFolder.create(folder), progress, own or OwnServers()
    )
    (result,) = report.results
    return result


def servers_of(pid: int) -> list[psutil.Process]:
    """The servers that a process, or one of its children, has started."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if any(Path(word).name in _SERVERS for word in child.cmdline()):
                found.append(child)
    return found


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=10)[1]


def texts_in(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


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
        assert result.metrics["copies.backend_get"] == pytest.approx(copies, abs=0.2)
        assert result.metrics["copies.materialize"] == pytest.approx(1, abs=0.05)
        (backend_get,) = (stage for stage in result.stages if stage.name == "backend_get")
        assert backend_get.sites[0].file.startswith("cachekit/backends/")
        assert backend_get.held_bytes / (_SIZE_MIB * MIB) == pytest.approx(held, abs=0.2)
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
        assert result.metrics["copies.decrypt"] == pytest.approx(3, abs=0.1)
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
                assert one.facts["namespace"] != other.facts["namespace"]
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
                    hidden.append(connection.facts.get("api_key") or urlsplit(url).password or "")
            arguments = [word for server in servers_of(os.getpid()) for word in server.cmdline()]
            texts = [*texts_in(tmp_path), "\n".join(arguments).encode()]
        assert len(arguments) > 1
        assert all(len(secret) > 16 for secret in hidden)
        assert not [text for text in texts for secret in hidden if secret.encode() in text]

    def test_another_program_took_the_port(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server((process.LOOPBACK, 0)) as occupier:
            ports = iter([occupier.getsockname()[1], process.free_port()])
            monkeypatch.setattr(process, "free_port", lambda: next(ports))
            with serving([scenario_of("redis-l2-hit")], OwnServers(), tmp_path) as servers:
                with servers.connect(scenario_of("redis-l2-hit")) as connection:
                    port = urlsplit(connection.environment["CACHEKIT_REDIS_URL"]).port
                assert port != occupier.getsockname()[1]

    @needs_memcached
    def test_memcached_does_not_mistake_another_server_for_its_own(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
        one = start_memcached(tmp_path / "one", [MIB])
        try:
            taken = int(one.connection("x").facts["servers"].rpartition(":")[2])
            ports = iter([taken, process.free_port()])
            monkeypatch.setattr(process, "free_port", lambda: next(ports))
            other = start_memcached(tmp_path / "other", [MIB])
            try:
                assert other.connection("x").facts["servers"] != one.connection("x").facts["servers"]
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


class TestTrouble:
    def test_the_server_is_killed_before_a_read(self, installed: Target, tmp_path: Path) -> None:
        def kill(_name: str, what: str) -> None:
            if what.startswith("measuring"):
                for server in servers_of(os.getpid()):
                    server.kill()

        result = measured("redis-l2-hit", installed, tmp_path / "run", progress=kill)
        assert result.verdict == "unmeasured"
        assert "the Valkey server was killed by SIGKILL" in str(result.reason)

    def test_the_server_dies_in_the_middle_of_a_read(
        self, installed: Target, own_redis: OwnRedis, tmp_path: Path
    ) -> None:
        # The storing process reads the entry back, and so does the measured one: half of that gets through.
        with Cutter(own_redis.port, after_bytes=_SIZE_MIB * MIB * 3 // 2) as cutter:
            url = own_redis.url.replace(f":{own_redis.port}", f":{cutter.port}")
            own = OwnServers(redis_url=url)
            result = measured("redis-l2-hit", installed, tmp_path / "run", own=own)
        assert cutter.cut.is_set()
        assert result.verdict == "unmeasured"
        assert "the backend failed, so the function ran" in str(result.reason)
        assert "left behind in the Redis server" in str(result.reason)
        assert own_redis.password not in str(result.reason)
        assert str(cutter.port) not in str(result.reason)

    def test_no_room_for_the_value(self, installed: Target, own_redis: OwnRedis, tmp_path: Path) -> None:
        with own_redis.client() as client:
            client.config_set("maxmemory", "4mb")
        own = OwnServers(redis_url=own_redis.url)
        result = measured("redis-l2-hit", installed, tmp_path / "run", RSS, own=own)
        assert result.verdict == "unmeasured"
        assert "cachekit did not store the measured value" in str(result.reason)
        assert "OutOfMemory" in str(result.reason)

    @needs_memcached
    def test_an_item_that_memcached_does_not_take(self, installed: Target, tmp_path: Path) -> None:
        server = start_memcached(tmp_path, [0])
        try:
            address = ("127.0.0.1", int(server.connection("x").facts["servers"].rpartition(":")[2]))
            own = OwnServers(memcached=(address,))
            result = measured("memcached-l2-hit", installed, tmp_path / "run", RSS, own=own)
        finally:
            server.close()
        assert result.verdict == "unmeasured"
        assert "cachekit did not store the measured value" in str(result.reason)

    def test_nobody_listens(self, tmp_path: Path) -> None:
        url = f"redis://:hush-hush@127.0.0.1:{process.free_port()}/0"
        ended = run_cli(tmp_path, "redis-l2-hit", url)
        assert ended.status == 3
        result = ended.result("redis-l2-hit")
        assert result["verdict"] == "unmeasured"
        assert "the Redis server of --redis-url does not answer" in result["reason"]
        assert "Connection refused" in result["reason"]
        assert no_trace_of(ended, tmp_path, url, "hush-hush")


class TestOwnServers:
    def test_entries_are_deleted_and_the_url_stays_out_of_everything(
        self, own_redis: OwnRedis, tmp_path: Path
    ) -> None:
        ended = run_cli(tmp_path, "redis-l2-hit", own_redis.url)
        assert ended.status == 0, ended.stderr
        assert own_redis.keys() == [b"theirs"]
        assert no_trace_of(ended, tmp_path, own_redis.url, own_redis.password)

    @needs_memcached
    def test_entries_are_deleted_from_memcached_too(self, installed: Target, tmp_path: Path) -> None:
        server = start_memcached(tmp_path, [_SIZE_MIB * MIB])
        try:
            address = ("127.0.0.1", int(server.connection("x").facts["servers"].rpartition(":")[2]))
            own = OwnServers(memcached=(address,))
            result = measured("memcached-l2-hit", installed, tmp_path / "run", own=own)
            with socket.create_connection(address) as client:
                client.sendall(b"stats\r\n")
                stats = client.recv(65536).decode()
        finally:
            server.close()
        assert result.verdict == "pass"
        assert "STAT curr_items 0\r\n" in stats

    def test_a_url_that_is_none_is_refused_without_repeating_it(self, tmp_path: Path) -> None:
        ended = cli("run", "redis-l2-hit", "--redis-url", "hush-hush@nowhere")
        assert ended.status == 2
        assert "that is not the URL of a Redis server" in ended.stderr
        assert "hush-hush" not in ended.stdout + ended.stderr


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


class Cutter:
    """A way to a server that is cut for good once so many bytes have come back from there."""

    def __init__(self, port: int, after_bytes: int) -> None:
        self._to = ("127.0.0.1", port)
        self._left = after_bytes
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut = threading.Event()

    def __enter__(self) -> "Cutter":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._to)
                self._sockets += [client, server]
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
                self._left -= len(data) if counted else 0
                if self._left < 0:
                    self.cut.set()
                    self._cut()
            sink.shutdown(socket.SHUT_WR)

    def _cut(self) -> None:
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def run_cli(folder: Path, name: str, url: str) -> Finished:
    """A quick run, the URL in the environment: the command line's own arguments are the caller's to show."""
    options = ("--size", f"{_SIZE_MIB}MiB", "--instrument", "memray", "--json", "-")
    return cli("run", name, *options, "--out", str(folder / "run"), CACHEKIT_MEMPROBE_REDIS_URL=url)


def no_trace_of(ended: Finished, folder: Path, *hidden: str) -> bool:
    said = (ended.stdout + ended.stderr).encode()
    return not [
        text for text in (said, *texts_in(folder / "run")) for secret in hidden if secret.encode() in text
    ]


def measured_processes(pid: int) -> Iterator[psutil.Process]:
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.Error):
            if any(Path(word).name == "child.py" for word in child.cmdline()):
                yield child


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (result := found()) is not None:
            return result
        time.sleep(0.02)
    pytest.fail("it did not come to that")
