"""What a rule gets to see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cachekit_memprobe.child.seen import Block, Cycle, Kept, Made, RetentionSeen
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.child.task import Need
from cachekit_memprobe.model import Payload, Scenario
from cachekit_memprobe.result import MemoryOf, StageUsage
from cachekit_memprobe.units import format_bytes, format_payloads

NOTABLE = 0.05
"""Payloads below which nothing is worth a sentence."""

ARENA_BYTES = 1 << 20
"""pymalloc's, which it gives back only when it is empty: one stray object keeps it."""

_L1 = "cachekit.l1_cache."
_SMALL_BYTES = 1 << 20
"""What a read may use for itself, whatever the value is: an import in its middle, a thread's stack."""


@dataclass(frozen=True)
class Beside:
    """What memray saw after the read had returned; see :class:`.attribution.Aftermath`."""

    lines: Sequence[Made] = ()
    dropped: Sequence[Made] = ()
    lasting: Sequence[str] = ()
    started: Sequence[Place] = ()


@dataclass(frozen=True)
class Evidence:
    """One scenario's figures.

    Attributes:
        values: metric name to payloads; a metric that was not measured is absent.
        kept: what the aliasing instrument still found referenced from cachekit after the value was
            dropped.
        cycles: what it found then that only the garbage collector gives back.
        retained: what the retention instrument saw; ``None`` when it didn't run.
        blocks: the new memory that the aliasing instrument saw.
        each_read: the stages of the first read and of the next; ``stages`` are those of the worse one.
        as_deployed: the resident set was measured with the target's own allocators.
        needs: what the read depends on that isn't so by itself in the release.
        beside: what the read started, and what ran when its value was dropped.
    """

    scenario: Scenario
    payload: Payload
    stages: Sequence[StageUsage]
    values: Mapping[str, float]
    kept: Sequence[Kept] = ()
    retained: RetentionSeen | None = None
    blocks: Sequence[Block] = ()
    as_deployed: bool = False
    cycles: Sequence[Cycle] = ()
    needs: Sequence[Need] = ()
    beside: Beside = Beside()
    each_read: Sequence[Sequence[StageUsage]] = ()

    @property
    def notable_bytes(self) -> float:
        """Bytes below which an allocation need not have anything to do with the value.

        Those of several readers at once are one sum.
        """
        return max(NOTABLE * self.payload.logical_bytes, _SMALL_BYTES) * self.scenario.read.readers

    @property
    def leaked(self) -> Sequence[Kept]:
        """``kept``, without the frame that a backfill was meant to put into L1."""
        backfill = self.scenario.read.backfill
        return [entry for entry in self.kept if not (backfill and entry.name.startswith(_L1))]

    @property
    def keeper(self) -> str:
        """Who may keep alive what outlives the read."""
        keepers = ["L1", "the result"] if self.scenario.read.backfill else ["the result"]
        if self.leaked:
            keepers.append(max(self.leaked, key=lambda entry: entry.size_bytes).name)
        elif self.values.get("held.after", 0.0) > NOTABLE:
            keepers.append("something else")
        return " or ".join(keepers)

    def size(self, size_bytes: float) -> str:
        """``1.00x (64.0 MiB)``."""
        payload_bytes = self.payload.logical_bytes
        return f"{format_payloads(size_bytes / payload_bytes)} ({format_bytes(size_bytes, payload_bytes)})"

    def payloads(self, payloads: float) -> str:
        return self.size(payloads * self.payload.logical_bytes)

    def per_read(self, size_bytes: float) -> str:
        """``1.00x (64.0 MiB) per read``; of several readers at once it is the sum."""
        readers = self.scenario.read.readers
        return f"{self.size(size_bytes)} per read" + (f" of {readers} readers" if readers > 1 else "")


def located(place: Place) -> str:
    """``cachekit/serializers/wrapper.py:126``; a place without a file by its function, if that is known."""
    if not place.file:
        return place.function or "native code"
    return f"{place.file}:{place.line}" if place.line else place.file


def into(memory_of: MemoryOf) -> str:
    """``, into memory that was there before the read``: whose memory a line copied into, if not its own."""
    return _INTO[memory_of]


_INTO: Mapping[MemoryOf, str] = {
    "": "",
    "thread": ", by another thread",
    "pool": ", into another of Arrow's pools, which memray doesn't see",
    "before": ", into memory that was there before the read",
    "unseen": ", into memory that memray didn't see being allocated",
}


def at(place: Place) -> str:
    """``at cachekit/serializers/wrapper.py:126``, or ``in native code``."""
    return f"{'at' if place.file else 'in'} {located(place)}"
