"""A process that is ready to read: caches filled, code warm, nothing left over.

Importable by the measured child process: standard library and target only.
"""

import ctypes
import gc
import sys
from typing import Any

from cachekit_memprobe.replay import wire
from cachekit_memprobe.replay.proof import CannotMeasure, Counts, require_route
from cachekit_memprobe.replay.workload import values
from cachekit_memprobe.replay.workload.cached import NAMESPACE, Workload
from cachekit_memprobe.replay.workload.store import frame_file

_L1_TTL_S = 86_400


class Reader:
    """Reads the stored value through ``@cache``, proving the way of every read.

    Attributes:
        l1_frame: the envelope as L1 holds it, for a probe that follows its memory; ``None`` without L1.
    """

    def __init__(self, task: wire.Task) -> None:
        self._task = task
        self._workload = Workload(task)
        self._before = Counts()
        self.release = cachekit_release()
        self.payload_bytes = int(task.stored["logical_bytes"])
        self.l1_frame: bytes | None = None
        if task.caching["l1"]:
            self._fill_l1(wire.WARM_UP)
            self.l1_frame = self._fill_l1(wire.MEASURED)

    def warm_up(self) -> None:
        """Take the measured way once with a small value, so that imports and caches are done."""
        self._workload.read(wire.WARM_UP)
        settle()

    def read(self) -> Any:
        """The measured read, and nothing else: what a probe puts its window around."""
        return self._workload.read(wire.MEASURED)

    def expect(self) -> None:
        """Note the counters; call it before the window."""
        self._before = self._workload.counts()

    def prove(self, value: Any) -> None:
        """After the window: the read took its way, and the value is the stored one.

        Raises:
            CannotMeasure: it took another way, or the value differs.
        """
        self.prove_route()
        if values.digest(value) != self._task.stored["digest"]:
            raise CannotMeasure("the value that was read is not the value that was stored")

    def prove_route(self) -> None:
        """The half of :meth:`prove` that doesn't look at the value.

        Raises:
            CannotMeasure: the read took another way.
        """
        seen = self._workload.counts() - self._before
        require_route(
            seen, tier=self._task.read["tier"], route=self._task.read["route"], release=self.release
        )

    def empty_tiers(self) -> None:
        """Drop the stored entries from every tier, so that the cache itself holds nothing."""
        from cachekit.l1_cache import get_l1_cache

        self.l1_frame = None
        get_l1_cache(NAMESPACE).clear()
        for key in self._task.stored["keys"].values():
            self._workload.backend.delete(key)

    def refill_tiers(self) -> None:
        """Store the frames again, byte by byte as the storing process wrote them."""
        for which, key in self._task.stored["keys"].items():
            self._workload.backend.set(key, frame_file(self._task, which).read_bytes(), _L1_TTL_S)
            if self._task.caching["l1"]:
                self._fill_l1(which)
        settle()

    def _fill_l1(self, which: str) -> bytes:
        """Put the stored frame into L1, as a hit after the backfill would find it.

        Releases up to 0.11.1 ignore the configured size, so the budget is raised on the cache itself.
        """
        from cachekit.l1_cache import get_l1_cache

        cache = get_l1_cache(NAMESPACE)
        cache.max_memory_bytes = max(cache.max_memory_bytes, self._workload.l1_bytes)
        frame = frame_file(self._task, which).read_bytes()
        cache.put(self._task.stored["keys"][which], frame, redis_ttl=_L1_TTL_S)
        found, held = cache.get(self._task.stored["keys"][which])
        if not found:
            raise CannotMeasure(
                f"L1 refused a frame of {len(frame)} bytes with {cache.max_memory_bytes} to fill"
            )
        return bytes(held)


def cachekit_release() -> str:
    """The release of the cachekit in this process, from its metadata."""
    from importlib.metadata import version

    return version("cachekit")


def settle() -> None:
    """Give back what no one uses, so that no read finds pages that are already resident."""
    gc.collect()
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
