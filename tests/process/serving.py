"""Servers for tests that use real ones: the user's own, in trouble, and who started which."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from cachekit_memprobe import pipeline, programs
from cachekit_memprobe.metrics import MEMRAY
from cachekit_memprobe.model import Run, RunOptions, Scenario, Step, Target
from cachekit_memprobe.result import Result
from cachekit_memprobe.runstore import RunFolder
from cachekit_memprobe.scenario import load_bundled, with_overrides
from cachekit_memprobe.servers import OwnServers
from cachekit_memprobe.servers.process import LOOPBACK, ServerProcess, free_port
from tests.process.measuring import MIB, Finished, cli, silent

SIZE_MIB = 8
_SERVERS = ("valkey-server", "redis-server", "memcached", "cachekitio_process.py")

needs_memcached = pytest.mark.skipif(programs.memcached() is None, reason="needs memcached on PATH")
needs_linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")


@contextlib.contextmanager
def listening(folder: Path, port: int, *command: str, tell: str = "") -> Iterator[ServerProcess]:
    """A server that plays the user's, on a port."""

    def answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port)):
            return True
        return False

    folder.mkdir(exist_ok=True)
    process = ServerProcess("the user's server", command, folder)
    try:
        process.tell(tell, end=True)
        process.wait_until(answers)
        yield process
    finally:
        process.close()


@contextlib.contextmanager
def redis_on_a_port(folder: Path) -> Iterator[str]:
    """Its URL, with a password."""
    port, password = free_port(), "users-own-password"
    settings = f'bind {LOOPBACK}\nport {port}\nrequirepass {password}\nsave ""\n'
    with listening(folder, port, str(programs.redis_server()), "-", tell=settings):
        yield f"redis://:{password}@{LOOPBACK}:{port}/0"


@contextlib.contextmanager
def memcached_on_a_port(folder: Path, *settings: str) -> Iterator[int]:
    """Its port."""
    port, user = free_port(), ("-u", "root") if os.geteuid() == 0 else ()
    network = ("-l", LOOPBACK, "-p", str(port), "-U", "0", *user)
    with listening(folder, port, str(programs.memcached()), *network, *settings):
        yield port


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
    return with_overrides(load_bundled(name), size_bytes=SIZE_MIB * MIB)


def measured(
    name: str,
    installed: Target,
    folder: Path,
    instrument: str = MEMRAY,
    progress: Callable[[Step], None] = silent,
    own: OwnServers | None = None,
) -> Result:
    """A bundled scenario's result; ``folder`` is the new run folder."""
    planned = Run.planned(installed, RunOptions((instrument,), reads=1), [scenario_of(name)])
    report = pipeline.run(planned, RunFolder.create(folder), progress, own or OwnServers())
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
    options = ("--size", f"{SIZE_MIB}MiB", "--instrument", "memray", "--json", "-")
    return cli("run", name, *options, "--out", str(folder / "run"), CACHEKIT_MEMPROBE_REDIS_URL=url)


def no_trace_of(ended: Finished, folder: Path, *hidden: str) -> bool:
    said = (ended.stdout + ended.stderr).encode()
    return not [
        text for text in (said, *texts_in(folder / "run")) for secret in hidden if secret.encode() in text
    ]
