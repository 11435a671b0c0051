"""What a run that is killed outright leaves: nothing secret, nothing for long, nothing for the next run."""

import contextlib
import math
import os
import secrets
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe.metrics import INSTRUMENTS, MEMRAY
from cachekit_memprobe.model import RunOptions, Target
from cachekit_memprobe.replay.lifetime import entries_last_s
from cachekit_memprobe.scratch import sweep
from cachekit_memprobe.servers import OwnServers, forget_left_behind
from cachekit_memprobe.servers.memcached import Address, MemcachedServers
from tests.conftest import Home
from tests.process.measuring import cli, finish, start_cli
from tests.process.serving import (
    SIZE_MIB,
    OwnRedis,
    measured,
    memcached_on_a_port,
    needs_linux,
    needs_memcached,
    texts_in,
)

pytestmark = [pytest.mark.process, needs_linux]

_PATIENCE_S = 60
_TIMEOUT_S = 100
_SMALL = ("--size", f"{SIZE_MIB}MiB", "--instrument", MEMRAY, "--timeout", str(_TIMEOUT_S))


@pytest.fixture
def own_memcached(tmp_path: Path) -> Iterator[Address]:
    """The user's server."""
    folder = tmp_path / "memcached"
    folder.mkdir()
    with memcached_on_a_port(folder, "-I", "64m", "-m", "256") as port:
        yield "127.0.0.1", port


@needs_memcached
def test_the_next_run_removes_it(
    own_redis: OwnRedis, own_memcached: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    address = f"{own_memcached[0]}:{own_memcached[1]}"
    here = {"TMPDIR": str(temporary), "CACHEKIT_MEMPROBE_REDIS_URL": own_redis.url}
    run = start_cli(
        *("run", "redis-l2-hit", "memcached-l2-hit", "--memcached-servers", address, "--jobs", "2"),
        *(*_SMALL, "--out", str(tmp_path / "killed")),
        **here,
    )
    _wait_until(lambda: len(own_redis.keys()) > 2 and _items(own_memcached) >= 2)
    run.send_signal(signal.SIGKILL)
    finish(run)
    (scratch,) = temporary.iterdir()
    _expires_within_the_time_limit(own_redis)

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        sweep(partial(forget_left_behind, OwnServers()))
    assert {path.name for path in scratch.iterdir()} == {".cachekit-memprobe", "notes"}
    assert not _mentions(scratch, own_redis)
    assert len(own_redis.keys()) > 1

    next_run = ("run", "bytes-file-get", *_SMALL, "--memcached-servers", address)
    ended = cli(*next_run, "--out", str(tmp_path / "next"), **here)
    assert ended.status == 0, ended.stderr
    assert own_redis.keys() == [b"theirs"]
    assert _items(own_memcached) == 0
    assert list(temporary.iterdir()) == []


def _mentions(scratch: Path, own_redis: OwnRedis) -> bool:
    told = [own_redis.password.encode(), str(own_redis.port).encode()]
    return any(word in text for text in texts_in(scratch) for word in told)


def _expires_within_the_time_limit(own_redis: OwnRedis) -> None:
    limit_s = entries_last_s(RunOptions((MEMRAY,), timeout_s=_TIMEOUT_S))
    assert limit_s < 10 * _TIMEOUT_S
    with own_redis.client() as client:
        lasting = {key: client.ttl(key) for key in client.scan_iter() if key != b"theirs"}
    assert not {key: ttl for key, ttl in lasting.items() if not 0 < ttl <= limit_s}


def _items(address: Address) -> int:
    with socket.create_connection(address) as client:
        client.sendall(b"stats\r\n")
        stats = client.recv(65536).decode()
    return int(stats.partition("STAT curr_items ")[2].split()[0])


@needs_memcached
def test_memcached_is_told_when_entries_expire(
    installed: Target, own_memcached: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemcachedServers, "forget", lambda _self, _namespace: None)
    began = time.time()
    own = OwnServers(memcached=(own_memcached,))
    assert measured("memcached-l2-hit", installed, tmp_path / "run", own=own).reason is None
    limit_s = entries_last_s(RunOptions((MEMRAY,)))
    expiries = _expiries(own_memcached)
    assert len(expiries) == 2
    assert all(began < expiry <= math.ceil(time.time()) + limit_s for expiry in expiries)


def _expiries(address: Address) -> list[int]:
    """Of each item, as seconds since 1970."""
    with socket.create_connection(address) as client:
        client.sendall(b"lru_crawler metadump all\r\n")
        dump = b""
        while not dump.endswith(b"END\r\n"):
            dump += client.recv(65536)
    return [int(line.partition(b"exp=")[2].split()[0]) for line in dump.splitlines()[:-1]]


def test_neither_a_key_nor_a_password_is_in_any_file_or_argument(
    installed: Target,
    own_redis: OwnRedis,
    isolated_home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    make = secrets.token_hex

    def token_hex(size: int) -> str:
        made.append(make(size))
        return made[-1]

    monkeypatch.setattr(secrets, "token_hex", token_hex)
    with _watching(isolated_home.temp, tmp_path / "run") as (seen, texts):
        own = OwnServers(redis_url=own_redis.url)
        result = measured("redis-l2-hit-encrypted", installed, tmp_path / "run", own=own)
    assert result.reason is None
    (master_key,) = (text for text in made if len(text) == 64)
    hidden = {text.encode() for text in (master_key, own_redis.password, own_redis.url)}
    assert len(seen) > 5
    assert b"child/__main__.py" in b" ".join(texts)
    assert not [name for name in seen for secret in hidden if secret in seen[name]]
    assert not [text for text in texts for secret in hidden if secret in text]


Seen = tuple[dict[Path, bytes], set[bytes]]


@contextlib.contextmanager
def _watching(temporary: Path, run: Path) -> Iterator[Seen]:
    """All that was in a file meanwhile, and in a command line of a process of this one's."""
    done, files, commands = threading.Event(), dict[Path, bytes](), set[bytes]()

    def watch() -> None:
        while not done.wait(0.02):
            for path in _files(temporary, run):
                with contextlib.suppress(OSError):
                    files[path] = path.read_bytes()
            for child in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    commands.add(" ".join(child.cmdline()).encode())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield files, commands
    finally:
        done.set()
        watcher.join()


def _files(temporary: Path, run: Path) -> Iterator[Path]:
    """Of the scratch folders and of the run folder; other tests' may be pipes."""
    for top in (*temporary.glob("cachekit-memprobe-*"), run):
        for folder, _, names in os.walk(top):
            yield from (path for name in names if (path := Path(folder, name)).is_file())


def test_a_scenario_with_every_instrument_has_the_time_of_all_its_processes() -> None:
    options = RunOptions(INSTRUMENTS, timeout_s=2, jobs=3, repeat=2)
    assert entries_last_s(options) == 2 * 3 * (1 + 2 * 4 + 3 + 2)


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)
