"""Something still refers to the read's memory after its value was dropped: by name, if it is cachekit's."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import ARENA_BYTES, Evidence, located
from cachekit_memprobe.result import Finding

CODE = "MEM004"

_LARGE = 0.25
"""Of the payload; a library's own memory that comes and goes between two reads stays below it."""
_ARENAS = 4
"""After many small objects, one or two are not empty."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such name; if there is none, one for memory that nevertheless stays."""
    for kept in evidence.leaked:
        where = f", used in {kept.place.stage} at {located(kept.place)}" if kept.place else ""
        size = evidence.size(kept.size_bytes)
        yield Finding(
            CODE, f"{kept.name} still refers to {size} after the value was dropped{where}", kept.place
        )
    if not evidence.leaked:
        yield from _nameless(evidence)


def _nameless(evidence: Evidence) -> Iterator[Finding]:
    after = evidence.values.get("held.after", 0.0)
    after_bytes = after * evidence.payload.logical_bytes
    if after >= _LARGE and after_bytes >= max(_ARENAS * ARENA_BYTES, evidence.notable_bytes):
        yield Finding(
            CODE,
            f"{evidence.payloads(after)} stays after the value was dropped and every tier of the cache was "
            "emptied; no name in cachekit's modules was found to refer to it",
        )
