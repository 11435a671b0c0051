"""Servers of the user's, and servers in trouble: what is told, and what is left there."""

import os
import socket
from pathlib import Path

import pytest

from cachekit_memprobe.metrics import RSS
from cachekit_memprobe.model import Phase, Step, Target
from cachekit_memprobe.servers import OwnServers
from cachekit_memprobe.servers.process import free_port
from tests.process.measuring import MIB, cli
from tests.process.serving import (
    SIZE_MIB,
    Cutter,
    OwnRedis,
    measured,
    memcached_on_a_port,
    needs_memcached,
    no_trace_of,
    run_cli,
    servers_of,
)

pytestmark = pytest.mark.process


class TestTrouble:
    def test_the_server_is_killed_before_a_read(self, installed: Target, tmp_path: Path) -> None:
        def kill(step: Step) -> None:
            if step.phase is Phase.MEASURING:
                for server in servers_of(os.getpid()):
                    server.kill()

        result = measured("redis-l2-hit", installed, tmp_path / "run", progress=kill)
        assert result.verdict == "unmeasured"
        assert "the Valkey server was killed by SIGKILL" in str(result.reason)

    def test_the_server_dies_in_the_middle_of_a_read(
        self, installed: Target, own_redis: OwnRedis, tmp_path: Path
    ) -> None:
        # The measured process is the first one that reads the entry: half of it gets through.
        with Cutter(own_redis.port, after_bytes=SIZE_MIB * MIB // 2) as cutter:
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
        with memcached_on_a_port(tmp_path / "server") as port:
            own = OwnServers(memcached=(("127.0.0.1", port),))
            result = measured("memcached-l2-hit", installed, tmp_path / "run", RSS, own=own)
        assert result.verdict == "unmeasured"
        assert "cachekit did not store the measured value" in str(result.reason)

    def test_nobody_listens(self, tmp_path: Path) -> None:
        url = f"redis://:hush-hush@127.0.0.1:{free_port()}/0"
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
        with memcached_on_a_port(tmp_path / "server", "-I", f"{2 * SIZE_MIB}m") as port:
            address = ("127.0.0.1", port)
            own = OwnServers(memcached=(address,))
            result = measured("memcached-l2-hit", installed, tmp_path / "run", own=own)
            with socket.create_connection(address) as client:
                client.sendall(b"stats\r\n")
                stats = client.recv(65536).decode()
        assert result.verdict == "pass"
        assert "STAT curr_items 0\r\n" in stats

    def test_a_url_that_is_none_is_refused_without_repeating_it(self, tmp_path: Path) -> None:
        ended = cli("run", "redis-l2-hit", "--redis-url", "hush-hush@nowhere")
        assert ended.status == 2
        assert "that is not the URL of a Redis server" in ended.stderr
        assert "hush-hush" not in ended.stdout + ended.stderr
