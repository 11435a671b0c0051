"""Something still refers to the read's memory after its value was dropped: by name, if it is cachekit's."""

from collections.abc import Iterator, Sequence

from cachekit_memprobe.child.seen import Kept
from cachekit_memprobe.findings.evidence import ARENA_BYTES, NOTABLE, Evidence, located
from cachekit_memprobe.result import Finding

CODE = "MEM004"

_LARGE = 0.25
"""Of the payload; a library's own memory that comes and goes between two reads stays below it."""
_ARENAS = 4
"""After many small objects, one or two are not empty."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such name; if there is none, one for memory that nevertheless stays."""
    for kept in (*evidence.leaked, *_of_the_first_read(evidence)):
        where = f", used in {kept.place.stage} at {located(kept.place)}" if kept.place else ""
        size = evidence.size(kept.size_bytes)
        yield Finding(
            CODE, f"{kept.name} still refers to {size} after the value was dropped{where}", kept.place
        )
    if not evidence.leaked:
        yield from _nameless(evidence)
    yield from _up_to_a_bound(evidence)


def _of_the_first_read(evidence: Evidence) -> Sequence[Kept]:
    """What only the process keeps that began with the value, beyond the names that are known already."""
    first = evidence.retained.first if evidence.retained else None
    stays = max(evidence.values.get(name, 0.0) for name in ("held.first", "held.after"))
    if first is None or stays * evidence.payload.logical_bytes < evidence.notable_bytes:
        return ()
    known = {kept.name for kept in evidence.leaked}
    return [kept for kept in first.kept if kept.name not in known]


def _up_to_a_bound(evidence: Evidence) -> Iterator[Finding]:
    total = evidence.values.get("growth.total", 0.0)
    still = evidence.values.get("growth.per_read", 0.0)
    total_bytes = total * evidence.payload.logical_bytes
    if evidence.as_deployed or still >= NOTABLE:
        # An allocator's own ups and downs; or growth, which is told as such.
        return
    if total >= _LARGE and total_bytes >= _ARENAS * ARENA_BYTES:
        yield Finding(
            CODE,
            f"the reads after the first left {evidence.payloads(total)} behind and then no more: something "
            "keeps what several reads made, up to a bound",
        )


def _nameless(evidence: Evidence) -> Iterator[Finding]:
    after, first = (evidence.values.get(name, 0.0) for name in ("held.after", "held.first"))
    if _of_the_first_read(evidence):
        return
    after = max(after, first)
    after_bytes = after * evidence.payload.logical_bytes
    set_up = evidence.retained.set_up if evidence.retained else None
    # As much as reads of a small value leave, allocators keep: of ten thousand small columns, say.
    kept_bytes = 0 if set_up is None else set_up.anon_bytes
    if after >= _LARGE and after_bytes >= max(_ARENAS * ARENA_BYTES, evidence.notable_bytes, kept_bytes):
        yield Finding(
            CODE,
            f"{evidence.payloads(after)} stays after the value was dropped and every tier of the cache was "
            "emptied; no name in cachekit's modules was found to refer to it",
        )
