"""The backends of a workload: cachekit's own, wrapped only to count how they are read.

Importable by the measured child process: standard library and target only.
"""

from collections.abc import Callable
from typing import Any

_MB = 1 << 20


class CountingBackend:
    """A backend seen as bytes only: it hides ``get_buffer`` and the streaming write.

    Without them every release stores framed bytes in one ``set`` and reads them with ``get``.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.gets = 0
        self.maps = 0
        self.keys: list[str] = []

    def get(self, key: str) -> Any:
        self.gets += 1
        return self._backend.get(key)

    def set(self, key: str, value: Any, ttl: int | None = None) -> Any:
        self.keys.append(key)
        return self._backend.set(key, value, ttl)

    def delete(self, key: str) -> Any:
        return self._backend.delete(key)

    def exists(self, key: str) -> Any:
        return self._backend.exists(key)

    def health_check(self) -> Any:
        return self._backend.health_check()


def open_backend(caching: dict[str, Any], read: dict[str, Any], folder: str, payload_bytes: int) -> Any:
    """Open the scenario's backend in ``folder``, large enough for the payload.

    Returns:
        A cachekit backend with the counters ``gets``, ``maps`` and the list ``keys`` of what was set.
    """
    return _OPENERS[caching["backend"]](read, folder, payload_bytes)


def _open_file(read: dict[str, Any], folder: str, payload_bytes: int) -> Any:
    from cachekit.backends.file import FileBackend
    from cachekit.backends.file.config import FileBackendConfig

    value_mb = 1024 + 4 * payload_bytes // _MB
    config = FileBackendConfig(cache_dir=folder, max_value_mb=value_mb, max_size_mb=4 * value_mb)
    if read["route"] != "map":
        return CountingBackend(FileBackend(config))
    return _counting_subclass(FileBackend)(config)


def _counting_subclass(file_backend: Any) -> Any:
    """A File backend that counts; a subclass, since the mapped read asks the backend what it can do."""

    class CountingFileBackend(file_backend):  # type: ignore[misc]  # the base is only known in the target
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.gets = 0
            self.maps = 0
            self.keys: list[str] = []

        def get(self, key: str) -> Any:
            self.gets += 1
            return super().get(key)

        def set(self, key: str, value: Any, ttl: int | None = None) -> Any:
            self.keys.append(key)
            return super().set(key, value, ttl)

    if hasattr(file_backend, "get_buffer"):
        CountingFileBackend.get_buffer = _counting_get_buffer(file_backend.get_buffer)
    if hasattr(file_backend, "set_streaming"):
        CountingFileBackend.set_streaming = _noting_set_streaming(file_backend.set_streaming)
    return CountingFileBackend


def _counting_get_buffer(get_buffer: Callable[..., Any]) -> Callable[..., Any]:
    def counted(self: Any, key: str) -> Any:
        handle = get_buffer(self, key)
        self.maps += handle is not None
        return handle

    return counted


def _noting_set_streaming(set_streaming: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Any, key: str, *args: Any, **kwargs: Any) -> Any:
        self.keys.append(key)
        return set_streaming(self, key, *args, **kwargs)

    return noted


_OPENERS: dict[str, Callable[[dict[str, Any], str, int], Any]] = {"file": _open_file}
