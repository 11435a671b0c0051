"""The proof that a measured read took the tier and the route that its scenario names."""

from collections.abc import Mapping
from dataclasses import dataclass

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.releases import version_key
from cachekit_memprobe.child.task import Read


@dataclass(frozen=True)
class Counts:
    """What cachekit and the workload have counted so far; subtract two to see one read.

    Attributes:
        executions: how often the decorated function itself ran.
        gets: reads of the backend as bytes.
        maps: reads of the backend as a file mapping.
    """

    l1_hits: int = 0
    l2_hits: int = 0
    misses: int = 0
    executions: int = 0
    gets: int = 0
    maps: int = 0

    def __sub__(self, earlier: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) - getattr(earlier, name) for name in self.__dataclass_fields__))

    def __mul__(self, times: int) -> "Counts":
        return Counts(*(getattr(self, name) * times for name in self.__dataclass_fields__))

    def __str__(self) -> str:
        seen = [f"{getattr(self, name)} {name}" for name in self.__dataclass_fields__ if getattr(self, name)]
        return ", ".join(seen) or "nothing counted"


EXPECTED: Mapping[tuple[str, str], Counts] = {
    ("l1", "memory"): Counts(l1_hits=1),
    ("l2", "get"): Counts(l2_hits=1, gets=1),
    ("l2", "map"): Counts(l2_hits=1, maps=1),
    ("reference", "memory"): Counts(l1_hits=1),
}
"""What one reader's read counts, by tier and route."""


def require_route(seen: Counts, read: Read, release: str, failure: str = "") -> None:
    """Refuse a read that took another way than the scenario's.

    Args:
        read: the scenario's.
        failure: the backend's last one, if there was any.

    Raises:
        CouldNotMeasure: with what was expected, what happened and the likely reason.
    """
    expected = EXPECTED[read.tier, read.route] * read.readers
    if seen != expected:
        raise CouldNotMeasure(
            f"the read did not go by tier {read.tier}, route {read.route}, as the scenario says: "
            f"expected {expected}; counted {seen}. "
            f"Likely reason: {_likely_reason(seen, read, release, failure)}"
        )


def _likely_reason(seen: Counts, read: Read, release: str, failure: str) -> str:
    tier, route = read.tier, read.route
    if seen.executions and failure:
        return f"the backend failed, so the function ran: {failure}"
    if seen.executions or seen.misses:
        return (
            "the stored entry was not found, had expired or was refused, so the function ran; see the "
            "target's log below"
        )
    if route == "map" and seen.gets:
        if version_key(release) < (0, 10, 0):
            return "this release has no mmap read"
        return (
            "the mapped read was refused (file over 512 MiB, serializer not 'arrow', a return format that "
            "needs 0.24.0 and Python 3.13) and fell back to get()"
        )
    if tier == "l1" and seen.l2_hits:
        return "L1 didn't hold the entry: over its budget, or over 1/8 of it from 0.22 on"
    if tier == "l2" and seen.l1_hits:
        return "L1 answered first, or readers of one key shared a single read of the backend"
    if seen == Counts():
        return "this release doesn't count such a read, or it was served by reference"
    return "unknown"
