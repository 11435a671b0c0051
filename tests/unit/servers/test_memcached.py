from pathlib import Path

import pytest

from cachekit_memprobe.errors import CouldNotMeasure, UsageError
from cachekit_memprobe.servers import parse_memcached_servers
from cachekit_memprobe.servers.left_behind import LeftBehind
from cachekit_memprobe.servers.memcached import MemcachedServers, _arguments


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("localhost:11211", (("localhost", 11211),)),
        ("cache-1:11211, cache-2:11212", (("cache-1", 11211), ("cache-2", 11212))),
    ],
)
def test_addresses(text: str, addresses: tuple[tuple[str, int], ...]) -> None:
    assert parse_memcached_servers(text) == addresses


@pytest.mark.parametrize("text", ["", "localhost", ":11211", "a:0", "a:65536", "a:b", "a:1,,b:2", "a:1,b"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="write the servers like cache-1:11211,cache-2:11211"):
        parse_memcached_servers(text)


def test_a_server_that_nobody_can_reach_is_not_named(tmp_path: Path) -> None:
    servers = MemcachedServers((("127.0.0.1", 1),), LeftBehind(tmp_path))
    with pytest.raises(CouldNotMeasure, match="does not answer: Connection refused") as caught:
        servers.connection("ours")
    assert "127.0.0.1" not in str(caught.value)
    servers.forget("ours")  # nothing was stored
    (tmp_path / "ours.keys").write_text("a\nb\n")
    with pytest.raises(CouldNotMeasure, match="2 entries are left behind"):
        servers.forget("ours")
    assert (tmp_path / "ours.keys").exists()  # for a run that can reach them


@pytest.mark.parametrize(
    ("value_bytes", "item", "room_mb"),
    [([64 << 20], "129m", 580), ([1 << 20, 1 << 20], "3m", 82), ([4 << 30], "1024m", 18498)],
)
def test_there_is_room_for_the_values(value_bytes: list[int], item: str, room_mb: int) -> None:
    words = _arguments(11211, value_bytes)
    assert words[words.index("-I") + 1] == item
    assert words[words.index("-m") + 1] == str(room_mb)
    assert {"-M", "-U", "-Y"} <= set(words)
