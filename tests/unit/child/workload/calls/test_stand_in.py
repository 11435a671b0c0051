"""One entry in the place of another, and everything as it was afterwards."""

from dataclasses import dataclass, field

from cachekit_memprobe.child.workload.calls.stand_in import in_l1, standing_in


@dataclass
class Backend:
    """One of cachekit's, as far as it matters here."""

    entries: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.entries.get(key)

    def set(self, key: str, value: bytes, ttl: int | None = None) -> None:
        self.entries[key] = value


def test_a_key_is_taken_for_another_for_a_time() -> None:
    backend = Backend({"key": b"measured", "other": b"other"})
    with standing_in(backend, "key", "small"):
        assert backend.get("key") is None
        backend.set("key", b"small", ttl=1)
        assert (backend.get("key"), backend.get("other")) == (b"small", b"other")
        assert isinstance(backend, Backend)
    assert type(backend) is Backend
    assert backend.entries == {"key": b"measured", "other": b"other", "small": b"small"}


class L1:
    """Holds the objects that it is given."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def get(self, key: str) -> tuple[bool, bytes | None]:
        return key in self.entries, self.entries.get(key)

    def put(self, key: str, value: bytes, redis_ttl: int) -> None:
        self.entries[key] = value

    def clear(self) -> None:
        self.entries.clear()


def test_l1_holds_the_very_object_again() -> None:
    cache, frame = L1(), b"measured" * 100
    cache.put("key", frame, 1)
    with in_l1(cache, "key", b"small", 1):
        assert cache.entries == {"key": b"small"}
    assert cache.entries["key"] is frame


def test_an_empty_l1_is_empty_again() -> None:
    cache = L1()
    with in_l1(cache, "key", b"small", 1):
        assert cache.entries == {"key": b"small"}
    assert not cache.entries
