"""The decorated function of a workload, as a user of cachekit would write it."""

from collections.abc import Sequence
from importlib.util import find_spec
from inspect import signature
from typing import Any

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.route import Counts
from cachekit_memprobe.child.task import WARM_UP, Task
from cachekit_memprobe.child.workload import values
from cachekit_memprobe.child.workload.backends import open_backend
from cachekit_memprobe.child.workload.callers import Action, caller_for
from cachekit_memprobe.child.workload.contents import TABLE, form

_NAMESPACE = "memprobe"
LOCAL = "local"
BY_REFERENCE = ("none", LOCAL)
"""The backends that are none: ``backend=None`` and ``cache.local``."""

_WARM_UP_BYTES = 1 << 18
_MB = 1 << 20


class Workload:
    """``@cache`` around a function that makes the scenario's value.

    The function takes which value to make, one of :attr:`.task.Read.names` or :data:`WARM_UP`,
    so that each has a key of its own. Keys depend on the function's module and name: the storing and the
    reading process must both come through here.

    Attributes:
        warms_up_with: the name of the value that is read before any measurement.
        caller: how the function is called.
    """

    warms_up_with = WARM_UP

    def __init__(self, task: Task, backend: Any = None) -> None:
        """Open the scenario's backend, unless another one is given."""
        self._value = task.value
        self._namespace = namespace_of(task)
        self.executions = 0
        payload_bytes = task.value.logical_bytes
        # An entry may be an eighth of L1 (0.22 on), and a frame may be many times the value.
        largest_bytes = max(payload_bytes, *task.stored.frame_bytes.values(), 0)
        self.l1_bytes = 16 * largest_bytes + 2 * sum(task.stored.frame_bytes.values()) + 64 * _MB
        self._names = task.read.names
        self.backend: Any = backend or _backend(task, payload_bytes)
        self._cached = self._decorate(task)
        self.caller = caller_for(task.read)

    def read(self, which: str) -> Any:
        """Call the decorated function, as one reader does."""
        (value,) = self.caller.call(self._cached, [which])
        return value

    def read_together(self, names: Sequence[str]) -> list[Any]:
        """Call the decorated function with each name at the same time; the values in that order."""
        return self.caller.call(self._cached, names)

    def on_other_threads(self, action: Action) -> None:
        """Run an action on each thread but this one that a read may use."""
        self.caller.on_other_threads(action)

    def forget(self) -> None:
        """Drop the entries that this process holds by reference."""
        self._cached.cache_clear()

    def close(self) -> None:
        """End what the reads ran on."""
        self.caller.close()

    def make(self, which: str) -> Any:
        """The value itself, uncached."""
        number = self._names.index(which) if which in self._names else 0
        return values.make(
            self._value.kind,
            size_bytes=self._value.logical_bytes if which in self._names else _WARM_UP_BYTES,
            seed=self._value.seed + number,
            columns=self._value.columns,
            file=self._value.file,
            share=self._value.share,
        )

    def l1(self) -> Any:
        """The process's own cache of frames."""
        from cachekit.l1_cache import get_l1_cache

        return get_l1_cache(self._namespace)

    def widen_l1(self) -> None:
        """Releases up to 0.11.1 ignore the configured size, so the budget is raised on the cache itself."""
        cache = self.l1()
        cache.max_memory_bytes = max(cache.max_memory_bytes, self.l1_bytes)

    def counts(self) -> Counts:
        info = self._cached.cache_info()
        return Counts(
            l1_hits=info.l1_hits,
            l2_hits=info.l2_hits,
            misses=info.misses,
            executions=self.executions,
            gets=self.backend.gets,
            maps=self.backend.maps,
        )

    def _decorate(self, task: Task) -> Any:
        def load(which: str) -> Any:
            self.executions += 1
            return self.make(which)

        async def load_async(which: str) -> Any:
            return load(which)

        return self._decorator(task)(load_async if task.read.asynchronous else load)

    def _decorator(self, task: Task) -> Any:
        from cachekit import cache
        from cachekit.config.nested import L1CacheConfig

        caching = task.caching
        if caching.backend == LOCAL:
            return cache.local(ttl=task.ttl_s, namespace=namespace_of(task))
        l1 = L1CacheConfig(enabled=caching.l1, max_size_mb=self.l1_bytes // _MB)
        backend = None if by_reference(task) else self.backend
        return cache(ttl=task.ttl_s, namespace=namespace_of(task), backend=backend, l1=l1, **_format(task))


def preload(task: Task) -> None:
    """Import what :class:`Workload` will, in the same order, and open nothing: nothing is stored yet."""
    from cachekit import cache  # noqa: F401
    from cachekit.config.nested import L1CacheConfig  # noqa: F401

    if task.caching.serializer == "arrow":
        from cachekit.serializers import arrow_serializer  # noqa: F401


class NoBackend:
    """Where a cache by reference has none: nothing is stored as bytes, and nothing is read."""

    def __init__(self) -> None:
        self.gets = 0
        self.maps = 0
        self.frames: dict[str, int | None] = {}

    def delete(self, key: str) -> None:
        """Nothing."""


def _backend(task: Task, payload_bytes: int) -> Any:
    return NoBackend() if by_reference(task) else open_backend(task, payload_bytes)


def by_reference(task: Task) -> bool:
    """Whether the cache hands out the object that was put into it."""
    return task.caching.backend in BY_REFERENCE


def return_format_of(task: Task, value: Any) -> str:
    """As what a value is recognised; what the user's own function returns may be a table of any library."""
    own_table = task.value.call is not None and form(value) == TABLE and not hasattr(value, "iloc")
    return "arrow" if own_table else task.caching.return_format


def namespace_of(task: Task) -> str:
    """The namespace of the entries: one of the replay's own in a server that others use at the same time."""
    return task.link.namespace or _NAMESPACE


def _encryption(task: Task) -> dict[str, Any]:
    """The arguments that encrypt, in the form that every release since 0.9.0 takes."""
    if not task.caching.encryption:
        return {}
    return {"encryption": True, "master_key": task.link.master_key, "single_tenant_mode": True}


def _format(task: Task) -> dict[str, Any]:
    """The arguments that say in which form the value is stored."""
    if by_reference(task):
        return {}
    if task.caching.serializer == "interop":
        return {"interop": "load", **_encryption(task)}
    return {"serializer": _serializer(task), **_encryption(task)}


def _serializer(task: Task) -> Any:
    """The ``serializer=`` argument.

    The mapped read of 0.10.0 to 0.23.0 takes only the name ``"arrow"``, whose compression comes from
    CACHEKIT_ARROW_COMPRESSION; the supervisor sets that. Elsewhere an instance says it in the code.
    """
    return_format = task.caching.return_format
    by_name = task.read.route == "map" and return_format == "pandas"
    if task.caching.serializer == "arrow" and not by_name:
        return _arrow_serializer(task.caching.compression, return_format)
    return task.caching.serializer


def _arrow_serializer(compression: str, return_format: str) -> Any:
    from cachekit.serializers.arrow_serializer import ArrowSerializer

    if return_format == "polars" and find_spec("polars") is None:
        raise CouldNotMeasure("polars is not installed in the target's environment; give --with polars")
    if "compression" in signature(ArrowSerializer).parameters:
        return ArrowSerializer(compression=compression, return_format=return_format)
    if compression != "none":
        raise CouldNotMeasure(
            f"this cachekit's Arrow serializer can't compress with {compression}, 0.9.0's can"
        )
    return ArrowSerializer(return_format=return_format)
