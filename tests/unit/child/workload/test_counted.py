from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.route import Counts, require_route
from cachekit_memprobe.child.task import READ, Caching, Link, Read, Task, Value
from cachekit_memprobe.child.workload.backends import counted as counting
from cachekit_memprobe.child.workload.backends import failure_of, open_backend


@dataclass
class Backend:
    """One of cachekit's, as far as it matters here."""

    entries: dict[str, bytes] = field(default_factory=dict)
    full: bool = False

    @property
    def key_prefix(self) -> str:
        return "t:default:"

    def get(self, key: str) -> bytes | None:
        return self.entries.get(key)

    def set(self, key: str, value: bytes, ttl: int | None = None, stale_ttl: int | None = None) -> None:
        if self.full:
            raise MemoryError("no room")
        self.entries[key] = value

    def acquire_lock(self) -> str:
        return "locked"


class FreshBackend(Backend):
    """One that can tell how fresh an entry is, as CachekitIO's."""

    def get_with_freshness(self, key: str) -> tuple[bytes | None, bool]:
        return self.entries.get(key), False


def task_of(backend: str = "redis", journal: str = "") -> Task:
    caching = Caching("arrow", "none", backend, encryption=False, l1=False)
    return Task(READ, Value("bytes", 1, 1, 0), caching, Read("l2", "get"), "", link=Link(journal=journal))


def test_it_is_the_same_backend_and_can_do_all_that_it_could() -> None:
    backend = Backend()
    counted: Any = counting(backend, task_of())
    assert counted is backend
    assert (type(counted).__name__, counted.key_prefix, counted.acquire_lock()) == (
        "Backend",
        "t:default:",
        "locked",
    )
    assert not hasattr(counted, "get_with_freshness")
    assert hasattr(counting(FreshBackend(), task_of()), "get_with_freshness")


def test_reads_and_writes_are_counted() -> None:
    counted: Any = counting(FreshBackend(), task_of())
    counted.set("a", b"1", 60, stale_ttl=5)
    assert (counted.frames, counted.gets, counted.maps) == ({"a": 1}, 0, 0)
    assert counted.get("a") == b"1"
    assert counted.get_with_freshness("a") == (b"1", False)
    assert (counted.gets, failure_of(counted)) == (2, "")


def test_readers_on_many_threads_are_all_counted() -> None:
    counted: Any = counting(Backend(), task_of())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(counted.get, ["a"] * 2000))
    assert counted.gets == 2000


def test_what_is_stored_is_written_down_where_the_server_can_not_list_it(tmp_path: Path) -> None:
    journal = tmp_path / "keys"
    counted: Any = counting(Backend(), task_of(journal=str(journal)))
    counted.set("a", b"")
    counted.set("b", b"")
    assert journal.read_text() == "a\nb\n"


def test_a_failure_is_kept_since_cachekit_goes_on() -> None:
    counted: Any = counting(Backend(full=True), task_of())
    with pytest.raises(MemoryError):
        counted.set("a", b"")
    assert failure_of(counted) == "MemoryError: no room"
    with pytest.raises(
        CouldNotMeasure, match="the backend failed, so the function ran: MemoryError: no room"
    ):
        require_route(Counts(executions=1, misses=1), Read("l2", "get"), "0.24.1", failure_of(counted))


def test_a_target_without_pymemcache_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cachekit_memprobe.child.workload.backends.find_spec", lambda _name: None)
    with pytest.raises(CouldNotMeasure, match=r"install cachekit\[memcached\] there"):
        open_backend(task_of(backend="memcached"), 1)
