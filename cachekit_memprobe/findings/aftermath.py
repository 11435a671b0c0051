"""Memory is taken when the read has returned: by what it started, or when its value is dropped."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.findings.evidence import ARENA_BYTES, Evidence, at, located
from cachekit_memprobe.result import Finding

CODE = "MEM021"

_ARENAS = 2
"""One may be what an event loop's own small objects needed."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line that takes memory, and one for each thread or task that may never end."""
    least_bytes = max(evidence.notable_bytes, _ARENAS * ARENA_BYTES)
    yield from _after_the_read(evidence, least_bytes)
    for made in evidence.beside.dropped:
        if made.size_bytes >= least_bytes:
            yield Finding(
                CODE,
                f"dropping the value allocates {evidence.size(made.size_bytes)} {at(made.place)}, in a "
                "finalizer or a __del__ that runs then; no peak of the read has it",
                made.place,
            )
    for name in evidence.beside.lasting:
        yield Finding(
            CODE,
            f"the read starts what never ends, or not soon: {name}; what that does later than 2 s after the "
            "read is in no figure",
        )


def _after_the_read(evidence: Evidence, least_bytes: float) -> Iterator[Finding]:
    peak = evidence.values.get("aftermath.peak", 0.0)
    for made in evidence.beside.lines:
        if made.size_bytes >= least_bytes:
            yield Finding(
                CODE,
                f"after the read has returned, {_who(evidence, made.place)} allocates "
                f"{evidence.size(made.size_bytes)} {at(made.place)}, up to {evidence.payloads(peak)} at once",
                made.place,
            )


def _who(evidence: Evidence, place: Place) -> str:
    """What it is is told by where it was started; of several such lines, it isn't known which."""
    started = {located(start) for start in evidence.beside.started if start.file}
    if located(place) in started:
        return "a thread, timer or task that it starts there"
    return (
        f"what it starts at {started.pop()}"
        if len(started) == 1
        else "a thread, timer or task that it starts"
    )
