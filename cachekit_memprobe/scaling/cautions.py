"""Where a read changes its way as its value grows, so that a line through smaller ones says nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from cachekit_memprobe.model import Scenario

_MIB = 1 << 20


@dataclass(frozen=True)
class _Edge:
    """A limit of cachekit's, the same in all releases that have it.

    Attributes:
        largest_bytes: the largest value that it lets pass.
        concerns: whether a scenario comes to it.
    """

    largest_bytes: int
    concerns: Callable[[Scenario], bool]
    sentence: str


_EDGES = (
    # cachekit.backends.file.backend.MMAP_MAX_BYTES
    _Edge(
        512 * _MIB,
        lambda scenario: scenario.read.route == "map",
        "cachekit doesn't map files over 512 MiB: it would read this one by get, which takes more heap",
    ),
    # The byte storage that is written in Rust; it has no name in Python.
    _Edge(
        512 * _MIB,
        lambda scenario: scenario.caching.serializer == "default",
        "cachekit's byte storage holds at most 512 MiB: the default serializer would refuse this value",
    ),
)


def cautions_of(scenario: Scenario, logical_bytes: int) -> tuple[str, ...]:
    """Why a value of this size would not be read as the smaller ones were; mostly none."""
    return tuple(
        edge.sentence for edge in _EDGES if logical_bytes > edge.largest_bytes and edge.concerns(scenario)
    )
