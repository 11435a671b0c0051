"""Where a read changes its way as its value grows, so that a line through smaller ones says nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cachekit_memprobe.model import Scenario
from cachekit_memprobe.result import Result

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


def cautions_of(scenario: Scenario, logical_bytes: int, largest_bytes: int) -> tuple[str, ...]:
    """Why a value of this size might not be read as the smaller ones were; none within what was measured.

    Args:
        largest_bytes: the largest size that was measured.
    """
    edges = [
        edge.sentence for edge in _EDGES if logical_bytes > edge.largest_bytes and edge.concerns(scenario)
    ]
    if logical_bytes > largest_bytes:
        times = logical_bytes / largest_bytes
        edges.append(
            f"this is {times:.1f} times the largest size that was measured; the prediction and its interval "
            "take for granted that memory goes on growing in a straight line"
        )
    return tuple(edges)


def repetition_notes(group: Iterable[Result]) -> Iterable[str]:
    """That rows of a file were repeated to make more of them, and what that may change."""
    repeated = [result.scenario for result in group if result.scenario.value.share > 1]
    if repeated:
        yield (
            "sizes above 100% repeat the rows of the file; an index of numbers or times goes on, any other "
            "is repeated with them"
        )
    if any(scenario.caching.compression != "none" or _packs(scenario) for scenario in repeated):
        yield "repeated rows compress better than new ones would, so the frames may be smaller than real ones"


def _packs(scenario: Scenario) -> bool:
    """Whether it goes into cachekit's byte storage, which compresses always."""
    return scenario.caching.serializer in ("default", "auto")
