"""A process that is ready to read: caches filled, code warm, nothing left over."""

import ctypes
import gc
import os
import sys
from typing import TYPE_CHECKING, Any

from cachekit_memprobe.child import onlookers, started
from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.pools import pools
from cachekit_memprobe.child.releases import cachekit_release
from cachekit_memprobe.child.route import Counts, require_route
from cachekit_memprobe.child.seen import OriginKind
from cachekit_memprobe.child.stages import CONNECTED
from cachekit_memprobe.child.task import MEASURED, WARM_UP, Task
from cachekit_memprobe.child.workload import arenas, digests
from cachekit_memprobe.child.workload.backends import failure_of
from cachekit_memprobe.child.workload.beside import AT_ONCE_S, Beside
from cachekit_memprobe.child.workload.cached import Workload, by_reference, return_format_of
from cachekit_memprobe.child.workload.callers import Action
from cachekit_memprobe.child.workload.store import stored_frame

if TYPE_CHECKING:
    from cachekit_memprobe.child.workload.calls.workload import CalledWorkload

_L1_TTL_S = 86_400
_OF_ORJSON = (
    ". orjson stores NaN and infinite numbers as null: if the value has any, use the serializer default"
)


class Reader:
    """Reads the stored value through ``@cache``, proving the way of every read.

    Attributes:
        readers: how many read at the same time.
        lasting: the names of what the last read started and may never end; it uses no CPU.
        l1_frame: the frame as L1 holds it, for a probe that follows its memory; ``None`` without L1.
    """

    def __init__(self, task: Task, *, warms_up: bool = True) -> None:
        """Without ``warms_up``, the small value is nowhere, and is never read."""
        self._task = task
        self._workload: Workload | CalledWorkload = workload_of(task)
        first = self._workload.warms_up_with
        # The user's own function reads the small value under the key of the measured one.
        small = warms_up and task.value.call is None and first not in task.read.names
        self._small = [first] if small else []
        # What the target's import has turned on, before anything is settled: it takes memory with it.
        onlookers.turn_off()
        self._before = Counts()
        self.lasting: tuple[str, ...] = ()
        self._beside = Beside(self._workload.caller)
        self._objects: dict[str, int] = {}
        self._fillers: list[object] = []
        self.release = cachekit_release()
        started.listen(os.path.dirname(sys.modules["cachekit"].__file__ or ""))
        self.readers = task.read.readers
        self._names = task.read.names
        self.payload_bytes = task.stored.logical_bytes
        self.l1_frame: bytes | None = None
        if by_reference(task):
            self._fill_with_objects()
        elif task.caching.l1:
            self._workload.widen_l1()
            if task.read.tier == "l1":
                self.l1_frame = self._fill_l1()

    def warm_up(self) -> None:
        """Take the measured way once with a small value, so that imports and caches are done."""
        self._beside.note()
        self._workload.read_together([self._workload.warms_up_with] * self.readers)
        self._beside.wait(AT_ONCE_S)
        settle()
        # Each collection from here on looks at what has come since, not at all that was imported.
        gc.freeze()
        if self._task.pinned and self._task.counts_pages:
            self._fillers = arenas.fill()

    def rehearse(self) -> None:
        """Read and recognise the small value, as the measured one; have connections grow their buffers.

        hiredis keeps the buffer that it has received into: that is the connection's, and no leak of a read.
        """
        self._beside.note()
        first = self._workload.warms_up_with
        self._prove_value(first, self._workload.read(first))
        self._beside.wait(AT_ONCE_S)
        if self._task.read.tier == "l2" and self._task.caching.backend in CONNECTED:
            for which in self._names:
                self._workload.backend.get(self._task.stored.keys[which])

    def receive_little(self) -> None:
        """Have a connection give back the buffer that it has received a large frame into."""
        if self._task.read.tier == "l2" and self._task.caching.backend in CONNECTED:
            # Of the user's own function there is no small entry: an answer that there is none is small, too.
            self._workload.backend.get(self._task.stored.keys.get(WARM_UP, WARM_UP))

    def read(self) -> Any:
        """The measured read, and nothing else: what a probe puts its window around.

        Several readers' values come as a list.
        """
        if self.readers == 1:
            return self._workload.read(MEASURED)
        return self._workload.read_together(self._read_names())

    def wait(self) -> None:
        """After a read, until what it started since :meth:`expect` has ended.

        Raises:
            CouldNotMeasure: something takes too long.
        """
        self.lasting = self._beside.wait()

    def on_other_threads(self, action: Action) -> None:
        """Run an action on each thread but this one that a read may use."""
        self._workload.on_other_threads(action)

    def settle(self) -> None:
        """Give back what no one uses, the threads' last work too.

        An executor's thread lets go of it only after the caller has its result, and maybe a good deal later.
        """
        self.on_other_threads(_no_work)
        settle()

    def give_back(self) -> None:
        """The same without the garbage collector, as in a loop that reads."""
        self.on_other_threads(_no_work)
        give_back()

    def resident(self) -> list[tuple[Any, OriginKind]]:
        """What the process holds of the measured value before the read, and what it is."""
        if by_reference(self._task):
            return [(self._workload.read(MEASURED), "cached_object")]
        return [] if self.l1_frame is None else [(self.l1_frame, "l1_frame")]

    def expect(self) -> None:
        """Note the counters, and have a backfill find L1 empty; call it before the window.

        Raises:
            CouldNotMeasure: something else watches this process again.
        """
        onlookers.require_none()
        if self._task.read.backfill:
            self._workload.l1().clear()
        self._before = self._workload.counts()
        self._beside.note()

    def prove(self, value: Any) -> None:
        """After the window: the read took its way, and the value is the stored one.

        Raises:
            CouldNotMeasure: it took another way, or the value differs.
        """
        self.prove_route()
        self.prove_value(value)

    def prove_value(self, value: Any) -> None:
        """The half of :meth:`prove` that looks at the value.

        Raises:
            CouldNotMeasure: it is not the stored one.
        """
        values = [value] if self.readers == 1 else value
        for which, one in zip(self._read_names(), values, strict=True):
            self._prove_value(which, one)

    def _prove_value(self, which: str, value: Any) -> None:
        if by_reference(self._task) and id(value) != self._objects[which]:
            raise CouldNotMeasure("the value that was read is not the object that was put into the cache")
        if not self._task.stored.digests[which]:
            return  # it can't be recognised, which the storing process has found out, and which is said
        exact = digests.exact_digest(value)
        if exact and exact == self._task.stored.exact_digests[which]:
            return
        digest = digests.digest(value, return_format=return_format_of(self._task, value))
        if digest != self._task.stored.digests[which]:
            hint = _OF_ORJSON if self._task.caching.serializer == "orjson" else ""
            raise CouldNotMeasure(f"the value that was read is not the value that was stored{hint}")

    def prove_route(self) -> None:
        """The half of :meth:`prove` that doesn't look at the value.

        Raises:
            CouldNotMeasure: the read took another way, or something else watched it.
        """
        onlookers.require_none()
        seen = self._workload.counts() - self._before
        require_route(seen, self._task.read, self.release, failure_of(self._workload.backend))
        if self._task.read.backfill:
            self._prove_backfill()

    def _prove_backfill(self) -> None:
        for which in self._names:
            found, frame = self._workload.l1().get(self._task.stored.keys[which])
            if not found or len(frame) != self._task.stored.frame_bytes[which]:
                raise CouldNotMeasure(
                    "the read did not put the frame into L1: "
                    "a sync L2 hit backfills from 0.19 on, an async one in every release"
                )

    def empty_tiers(self) -> None:
        """Drop what this process holds of the cache; what a backend stores takes no memory of it."""
        self.l1_frame = None
        if by_reference(self._task):
            self._workload.forget()
        else:
            self._workload.l1().clear()

    def refill_tiers(self) -> None:
        """Fill L1 again as it was."""
        if by_reference(self._task):
            self._fill_with_objects()
        elif self._task.read.tier == "l1":
            self._fill_l1()
        settle()

    def _read_names(self) -> list[str]:
        """What each reader reads: its own value, or all the same."""
        return list(self._names) if len(self._names) > 1 else [MEASURED] * self.readers

    def _fill_with_objects(self) -> None:
        """Have the function run, so that the cache holds what it returned.

        No other process can do that. Objects are known by their address, so that none is held here.
        """
        for which in (*self._small, *self._names):
            self._objects[which] = id(self._workload.read(which))
        settle()

    def _fill_l1(self) -> bytes:
        """Put the stored frames into L1, as a hit after the backfill would find them; the first measured."""
        frames = {which: self._put_into_l1(which) for which in (*self._small, *self._names)}
        return frames[MEASURED]

    def _put_into_l1(self, which: str) -> bytes:
        cache = self._workload.l1()
        frame = stored_frame(self._task, self._workload, which)
        cache.put(self._task.stored.keys[which], frame, redis_ttl=_L1_TTL_S)
        found, held = cache.get(self._task.stored.keys[which])
        if not found:
            raise CouldNotMeasure(
                f"L1 refused a frame of {len(frame)} bytes with {cache.max_memory_bytes} to fill"
            )
        return bytes(held)


def workload_of(task: Task) -> "Workload | CalledWorkload":
    """Of the user's own function, or of a value that is made."""
    if task.value.call is None:
        return Workload(task)
    from cachekit_memprobe.child.workload.calls.workload import CalledWorkload

    return CalledWorkload(task)


def _no_work() -> None:
    """What a thread does that lets go of what it did before."""


def settle() -> None:
    """Give back what no one uses, so that no read finds pages that are already resident."""
    gc.collect()
    give_back()


def give_back() -> None:
    """Have the allocators give back what is free; the garbage collector doesn't run."""
    for pool in pools().values():
        pool.release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
