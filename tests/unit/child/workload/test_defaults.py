"""What the installed cachekit says that its own settings allow, held against what it then does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cachekit import cache
from cachekit.backends.file import FileBackend
from cachekit.backends.file.config import FileBackendConfig
from cachekit.config.nested import L1CacheConfig

from cachekit_memprobe.child.task import STORE, Caching, Need, Read, Task, Value
from cachekit_memprobe.child.workload import defaults
from cachekit_memprobe.child.workload.contents import OBJECTS, TABLE

MIB = 1 << 20
Ask = Callable[..., dict[str, Need]]
L1_HIT = Read("l1", "memory")
ARROW = Caching("arrow", "none", "file", encryption=False, l1=True)
BYTES = Caching("default", "none", "file", encryption=False, l1=True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def needs(
        caching: Caching, frame_bytes: list[int], read: Read = L1_HIT, form: str = OBJECTS
    ) -> dict[str, Need]:
        kind = "dataframe" if form == TABLE else "bytes"
        task = Task(STORE, Value(kind, MIB, 1, 2), caching, read, str(tmp_path))
        return {need.what: need for need in defaults.needs_of(task, frame_bytes, form)}

    return needs


def test_a_small_frame_needs_nothing(ask: Ask) -> None:
    assert ask(BYTES, [MIB]) == {}
    assert ask(replace(BYTES, l1=False), [64 * MIB], Read("l2", "get")) == {}
    assert (
        ask(Caching("none", "none", "none", encryption=False, l1=True), [0], Read("reference", "memory"))
        == {}
    )


def test_l1_is_as_large_as_the_need_says_and_not_a_megabyte_less(ask: Ask) -> None:
    from cachekit.l1_cache import L1Cache

    frame_bytes = 13 * MIB
    need = ask(BYTES, [frame_bytes])["l1_size"]
    assert need.limit_bytes < frame_bytes
    assert ask(BYTES, [need.limit_bytes]) == {}
    held = []
    for size_mb in (need.needed_bytes // MIB, need.needed_bytes // MIB - 1):
        l1 = L1Cache(max_memory_mb=size_mb)
        l1.put("k", bytes(frame_bytes), redis_ttl=60)
        held.append(l1.get("k")[0])
    assert held == [True, False]


def test_all_keys_are_in_l1_together(ask: Ask) -> None:
    several = ask(BYTES, [12 * MIB] * 9, replace(L1_HIT, readers=9, keys=9))
    assert several["l1_size"].needed_bytes == 108 * MIB


def test_limits_of_values(ask: Ask) -> None:
    needs = ask(replace(BYTES, l1=False), [101 * MIB], Read("l2", "get"))
    assert set(needs) == {"max_value_size", "file_value"}
    assert needs["max_value_size"] == Need("max_value_size", 100 * MIB, 101 * MIB)
    memcached = replace(BYTES, backend="memcached", l1=False)
    assert set(ask(memcached, [2 * MIB], Read("l2", "get"))) == {"memcached_item"}


def test_a_sync_function_writes_arrow_past_l1_and_an_async_one_does_not(ask: Ask, tmp_path: Path) -> None:
    needs = ask(ARROW, [MIB], form=TABLE)
    assert needs == {
        "async": Need("async", instead="map"),
        "compression": Need("compression", instead="zstd"),
    }
    assert ask(ARROW, [MIB], replace(L1_HIT, asynchronous=True), TABLE) == {}
    assert ask(replace(ARROW, l1=False), [MIB], Read("l2", "map"), TABLE) == {}
    assert ask(replace(ARROW, l1=False), [MIB], Read("l2", "get"), TABLE)["async"].instead == "map"

    # As a user's own function has it.
    backend = FileBackend(FileBackendConfig(cache_dir=tmp_path / "own"))

    own = cache(ttl=60, backend=backend, serializer="arrow", l1=L1CacheConfig(enabled=True), namespace="own")
    load: Any = own(lambda: pd.DataFrame({"x": [1.0] * 1000}))
    load()
    load()
    info = load.cache_info()
    assert (info.l1_hits, info.l2_hits) == (0, 1)


def test_what_has_no_arrow_in_it_has_no_compression_of_arrow(ask: Ask) -> None:
    array = Caching("auto", "none", "file", encryption=False, l1=True)
    assert set(ask(array, [64 * MIB])) == {"l1_size"}


def test_a_release_that_has_moved_what_is_asked_is_measured_all_the_same(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("cachekit.cache_handler.CacheSerializationHandler.serialize_data")
    assert ask(replace(BYTES, backend="redis", l1=False), [MIB], Read("l2", "get"))["unknown"].instead
