"""A reference cycle keeps memory of the read until the garbage collector runs."""

from collections.abc import Iterator, Sequence

from cachekit_memprobe.child.seen import Cycle
from cachekit_memprobe.findings.evidence import ARENA_BYTES, NOTABLE, Evidence, at
from cachekit_memprobe.metrics import noise_bytes
from cachekit_memprobe.result import Finding
from cachekit_memprobe.units import format_payloads

CODE = "MEM019"


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    figure = evidence.values.get("growth.uncollected")
    if figure is not None and not _is_notable(figure, evidence):
        return
    large = [cycle for cycle in evidence.cycles if cycle.size_bytes >= evidence.notable_bytes]
    if not large and figure is None:
        return
    # The aliasing instrument follows one reader, and each of the others leaves as much.
    found_bytes = sum(cycle.size_bytes for cycle in large) * evidence.scenario.read.readers
    size_bytes = found_bytes or (figure or 0.0) * evidence.payload.logical_bytes
    cycle = next(iter(large or evidence.cycles), Cycle((), 0))
    by = f" of {', '.join(cycle.types)}" if cycle.types else ""
    through = f" {at(cycle.through)}" if cycle.through else ""
    yield Finding(
        CODE,
        f"{evidence.per_read(size_bytes)}{_made(large, evidence)} stays after the value was dropped, until "
        f"the garbage collector runs: a reference cycle{by}{through} leads to it. A loop that reads holds as "
        "much once more for each read until then",
        cycle.through or cycle.place,
    )


def _is_notable(figure: float, evidence: Evidence) -> bool:
    # Small objects come in arenas, of which a collection may free one by chance.
    least_bytes = noise_bytes("growth.uncollected") + ARENA_BYTES
    return figure >= max(NOTABLE, least_bytes / evidence.payload.logical_bytes)


def _made(cycles: Sequence[Cycle], evidence: Evidence) -> str:
    """Where the memory comes from, if the read made it."""
    words = [f"made {at(cycle.place)}" if cycle.place else "of a map" for cycle in cycles]
    if len(words) < 2:
        return "".join(f", {word}," for word in words)
    sizes = [format_payloads(cycle.size_bytes / evidence.payload.logical_bytes) for cycle in cycles]
    return f", {' and '.join(f'{size} {word}' for size, word in zip(sizes, words, strict=True))},"
