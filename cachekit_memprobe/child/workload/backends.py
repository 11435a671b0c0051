"""The backends of a workload: cachekit's own, wrapped only to count how they are read."""

import threading
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.shortage import chain_of
from cachekit_memprobe.child.task import Task
from cachekit_memprobe.child.workload.login import have_clients_log_in

_MB = 1 << 20
# What a busy machine makes of a client's finite timeouts is not measured.
_PATIENCE_S = 30.0
_LARGEST_MEMCACHED_ITEM_BYTES = 1 << 30
_ITEM_LIMIT = "max_item_size_bytes"


class CountingBackend:
    """A backend seen as bytes only: it hides ``get_buffer`` and the streaming write.

    Without them every release stores framed bytes in one ``set`` and reads them with ``get``.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.gets = 0
        self.maps = 0
        self.frames: dict[str, int | None] = {}
        self.failure = ""

    def get(self, key: str) -> Any:
        self.gets += 1
        return self._backend.get(key)

    def set(self, key: str, value: Any, ttl: int | None = None) -> Any:
        self.frames[key] = len(value)
        return _noting_failure(self, self._backend.set, key, value, ttl)

    def delete(self, key: str) -> Any:
        return self._backend.delete(key)

    def exists(self, key: str) -> Any:
        return self._backend.exists(key)

    def health_check(self) -> Any:
        return self._backend.health_check()


def _noting_failure(backend: Any, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """For cachekit logs a failure and goes on."""
    try:
        return operation(*args, **kwargs)
    except Exception as error:
        backend.failure = chain_of(error)
        raise


def open_backend(task: Task, payload_bytes: int) -> Any:
    """Open the scenario's backend, large enough for the payload.

    Returns:
        A cachekit backend with the counters ``gets`` and ``maps``, and ``frames``: the sizes of what was set
        under each key, ``None`` of what was streamed.

    Raises:
        CouldNotMeasure: the target lacks a package that the backend needs.
    """
    return _OPENERS[task.caching.backend](task, payload_bytes)


def failure_of(backend: Any) -> str:
    """The last failure of a backend's write or read, which cachekit logs and goes on; empty for none."""
    return str(getattr(backend, "failure", ""))


def open_plain_file_backend(task: Task) -> Any:
    """Cachekit's File backend with all that it can do, for a small value; it counts as the others."""
    return _open_file(replace(task, read=replace(task.read, route="map")), 0)


def _open_file(task: Task, payload_bytes: int) -> Any:
    from cachekit.backends.file import FileBackend
    from cachekit.backends.file.config import FileBackendConfig

    value_mb = 1024 + 4 * payload_bytes // _MB
    config = FileBackendConfig(
        cache_dir=f"{task.workspace}/cache", max_value_mb=value_mb, max_size_mb=4 * value_mb
    )
    if task.read.route != "map":
        return CountingBackend(FileBackend(config))
    return counted(FileBackend(config), task)


def _counting_get_buffer(get_buffer: Callable[..., Any]) -> Callable[..., Any]:
    def counted(self: Any, key: str) -> Any:
        handle = get_buffer(self, key)
        self.maps += handle is not None
        self.last_key = key
        return handle

    return counted


def _noting_set_streaming(set_streaming: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Any, key: str, *args: Any, **kwargs: Any) -> Any:
        self.frames[key] = None
        return _noting_failure(self, set_streaming, self, key, *args, **kwargs)

    return noted


def _open_redis(task: Task, payload_bytes: int) -> Any:
    """The backend that cachekit makes of CACHEKIT_REDIS_URL, as a user of every release gets it.

    It puts the tenant before the keys, where other languages' clients wouldn't find them, so that interop
    refuses it.
    """
    if task.caching.serializer == "interop":
        from cachekit.backends.redis import RedisBackend

        return counted(RedisBackend(), task)
    from cachekit.backends.provider import DefaultBackendProvider

    return counted(DefaultBackendProvider().get_backend(), task)


def _open_memcached(task: Task, payload_bytes: int) -> Any:
    if find_spec("pymemcache") is None:
        raise CouldNotMeasure(
            "the target lacks pymemcache, which its Memcached backend needs; "
            "install cachekit[memcached] there"
        )
    from cachekit.backends.memcached import MemcachedBackend
    from cachekit.backends.memcached.config import MemcachedBackendConfig

    if task.link.login:
        have_clients_log_in(task.link.login)
    fields = MemcachedBackendConfig.model_fields
    config = MemcachedBackendConfig(
        servers=task.link.servers.split(","),
        connect_timeout=_PATIENCE_S,
        timeout=_PATIENCE_S,
        # Up to 0.8 there is no such limit.
        **({_ITEM_LIMIT: _LARGEST_MEMCACHED_ITEM_BYTES} if _ITEM_LIMIT in fields else {}),
    )
    return counted(MemcachedBackend(config), task)


def _open_cachekitio(task: Task, payload_bytes: int) -> Any:
    from cachekit.backends.cachekitio import CachekitIOBackend

    url, key = task.link.api_url, task.link.api_key
    return counted(CachekitIOBackend(api_url=url, api_key=key, timeout=_PATIENCE_S), task)


def counted(backend: Any, task: Task) -> Any:
    """The same backend, counting: its class becomes a subclass, so that all it can do it still can.

    What cachekit finds on a backend decides how it reads: ``get_with_freshness``, ``get_buffer``,
    ``key_prefix``, locks. Besides the counters it has ``last_key``, of the last entry that was read.
    """
    kind = type(backend)
    journal = task.link.journal
    lock = threading.Lock()

    class Counted(kind):  # type: ignore[misc, valid-type]  # the base is only known in the target
        def get(self, key: str) -> Any:
            self.count_get(key)
            return _noting_failure(self, super().get, key)

        def count_get(self, key: str) -> None:
            with lock:
                self.gets += 1
                self.last_key = key

        def set(self, key: str, value: bytes, *args: Any, **kwargs: Any) -> Any:
            self.frames[key] = len(value)
            if journal:
                with Path(journal).open("a", encoding="utf-8") as lines:
                    lines.write(f"{key}\n")
            return _noting_failure(self, super().set, key, value, *args, **kwargs)

    _count_what_some_have(Counted, kind)
    if hasattr(kind, "track_key") and not (task.value.call and task.value.call.own_cache):
        Counted.track_key = _not_tracked
    Counted.__name__ = kind.__name__
    backend.__class__ = Counted
    backend.gets = backend.maps = 0
    backend.frames = {}
    backend.failure = backend.last_key = ""
    return backend


def _count_what_some_have(counting: Any, kind: Any) -> None:
    """The other ways to read and write, of those backends that have them."""
    if hasattr(kind, "get_with_freshness"):
        counting.get_with_freshness = _counting_get_with_freshness(kind.get_with_freshness)
    if hasattr(kind, "get_buffer"):
        counting.get_buffer = _counting_get_buffer(kind.get_buffer)
    if hasattr(kind, "set_streaming"):
        counting.set_streaming = _noting_set_streaming(kind.set_streaming)


def _counting_get_with_freshness(get_with_freshness: Callable[..., Any]) -> Callable[..., Any]:
    def counted(self: Any, key: str) -> Any:
        self.count_get(key)
        return _noting_failure(self, get_with_freshness, self, key)

    return counted


def _not_tracked(_backend: Any, _registry_id: str, _key: str) -> None:
    """In Redis a set of the written keys, for other processes to delete, would outlast them by a week."""


_OPENERS: dict[str, Callable[[Task, int], Any]] = {
    "file": _open_file,
    "redis": _open_redis,
    "memcached": _open_memcached,
    "cachekitio": _open_cachekitio,
}
