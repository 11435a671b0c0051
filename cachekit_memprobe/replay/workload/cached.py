"""The decorated function of a workload, as a user of cachekit would write it.

Importable by the measured child process: standard library and target only.
"""

from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.proof import Counts
from cachekit_memprobe.replay.workload import values
from cachekit_memprobe.replay.workload.backends import open_backend

NAMESPACE = "memprobe"
_TTL_S = 86_400
_WARM_UP_BYTES = 1 << 18
_MB = 1 << 20


class Workload:
    """``@cache`` around a function that makes the scenario's value.

    The function takes which value to make, :data:`wire.MEASURED` or :data:`wire.WARM_UP`, so that both
    have a key of their own. Keys depend on the function's module and name: the storing and the reading
    process must both come through here.
    """

    def __init__(self, task: wire.Task) -> None:
        self._value = task.value
        self.executions = 0
        payload_bytes = int(task.value["logical_bytes"])
        self.l1_bytes = 16 * payload_bytes + 64 * _MB
        self.backend = open_backend(task.caching, task.read, f"{task.workspace}/cache", payload_bytes)
        self._cached = self._decorate(task)

    def read(self, which: str) -> Any:
        """Call the decorated function."""
        return self._cached(which)

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

    def _decorate(self, task: wire.Task) -> Any:
        from cachekit import cache
        from cachekit.config.nested import L1CacheConfig

        l1 = L1CacheConfig(enabled=bool(task.caching["l1"]), max_size_mb=self.l1_bytes // _MB)

        @cache(ttl=_TTL_S, namespace=NAMESPACE, backend=self.backend, serializer=_serializer(task), l1=l1)
        def load(which: str) -> Any:
            self.executions += 1
            size_bytes = self._value["logical_bytes"] if which == wire.MEASURED else _WARM_UP_BYTES
            return values.make(
                self._value["kind"],
                size_bytes=size_bytes,
                seed=self._value["seed"],
                columns=self._value["columns"],
            )

        return load


def _serializer(task: wire.Task) -> Any:
    """The ``serializer=`` argument.

    The mapped read of 0.10.0 to 0.23.0 takes only the name ``"arrow"``, whose compression comes from
    CACHEKIT_ARROW_COMPRESSION; the supervisor sets that. Elsewhere an instance says it in the code.
    """
    if task.caching["serializer"] == "arrow" and task.read["route"] != "map":
        from cachekit.serializers.arrow_serializer import ArrowSerializer

        return ArrowSerializer(compression=task.caching["compression"])
    return task.caching["serializer"]
