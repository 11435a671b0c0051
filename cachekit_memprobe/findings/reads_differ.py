"""The second read copies what the first doesn't, or the other way round."""

from collections.abc import Iterator, Mapping, Sequence

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.findings.evidence import ARENA_BYTES, Evidence, at
from cachekit_memprobe.result import Finding, StageUsage

CODE = "MEM024"

_LEAST = 0.25
"""Payloads."""
_LEAST_BYTES = 4 * ARENA_BYTES
"""Which read happens to need a few more of them, and on which line, is chance."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line that takes far more in one of the two, if its stage does."""
    if len(evidence.each_read) < 2:
        return
    least_bytes = max(_LEAST * evidence.payload.logical_bytes, evidence.notable_bytes, _LEAST_BYTES)
    stages = [{stage.name: stage.moved_bytes for stage in read} for read in evidence.each_read]
    first, second = map(_moved, evidence.each_read)
    for place in dict.fromkeys((*second, *first)):
        before, after = first.get(place, 0), second.get(place, 0)
        of_stage = stages[1].get(place.stage, 0) - stages[0].get(place.stage, 0)
        if min(abs(after - before), abs(of_stage)) >= least_bytes:
            yield Finding(CODE, _message(place, before, after, evidence), place)


def _message(place: Place, before: int, after: int, evidence: Evidence) -> str:
    if after > before:
        rest = "nothing" if not before else evidence.size(before)
        return (
            f"from the second read on, {place.stage} copies {evidence.per_read(after)} {at(place)}, and "
            f"{rest} in the first read: what is read only once looks cheaper than it is"
        )
    rest = "nothing" if not after else evidence.size(after)
    return (
        f"only in the first read, {place.stage} copies {evidence.size(before)} {at(place)}; it is {rest} in "
        "the second"
    )


def _moved(stages: Sequence[StageUsage]) -> Mapping[Place, int]:
    return {site.place: site.moved_bytes for stage in stages for site in stage.sites}
