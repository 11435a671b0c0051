"""A stage allocates what tracemalloc can't see: Arrow's pools, Rust, C libraries."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import stage_of
from cachekit_memprobe.findings.evidence import Evidence, located
from cachekit_memprobe.result import Finding, StageUsage

CODE = "MEM003"

_ROUNDING = 0.2
"""Of what tracemalloc sees: by so much an arena of small objects may be larger than what was asked for.
Of nested dicts it is 12 %."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such stage."""
    for stage in evidence.stages:
        hidden_bytes = _hidden_bytes(stage, evidence)
        if stage.sites and hidden_bytes >= evidence.notable_bytes:
            site = stage.sites[0]
            message = (
                f"tracemalloc doesn't see {evidence.size(hidden_bytes)} that {stage.name} holds at the peak, "
                f"most of it from {located(site.place)}"
            )
            yield Finding(CODE, message, site.place)


def _hidden_bytes(stage: StageUsage, evidence: Evidence) -> float:
    """What memray sees of a stage at the heap's peak, less what tracemalloc sees of it at its own.

    Two examples. materialize of an Arrow frame holds 64.0 MiB, of which tracemalloc sees 0.02: the rest is
    hidden. decode of nested values holds 58 MiB in arenas and tracemalloc sees the 52 MiB of objects in
    them: the arenas' slack of 12 % hides nothing.
    """
    if stage.tracemalloc_bytes is None:
        return 0.0
    hidden_bytes = float(stage.live_bytes - stage.tracemalloc_bytes - _seen_elsewhere_bytes(stage, evidence))
    if hidden_bytes < _ROUNDING * stage.tracemalloc_bytes:
        return 0.0
    if not stage_of(stage.name).around:
        return hidden_bytes
    # What other stages held is freed in it, and tracemalloc tells a balance, which is too low by that much.
    heap, seen = evidence.values.get("peak.heap", 0.0), evidence.values.get("peak.tracemalloc", 0.0)
    # What the one passes on, tracemalloc has in the other.
    around = [other for other in evidence.stages if stage_of(other.name).around]
    of_all = sum(other.live_bytes - (other.tracemalloc_bytes or 0) for other in around)
    return min(hidden_bytes, of_all, (heap - seen) * evidence.payload.logical_bytes)


def _seen_elsewhere_bytes(stage: StageUsage, evidence: Evidence) -> int:
    """What another thread made for the stage, and tracemalloc saw while no stage was open."""
    by_threads = sum(site.live_bytes for site in stage.sites if site.memory_of == "thread")
    seen = sum(other.tracemalloc_bytes or 0 for other in evidence.stages if stage_of(other.name).around)
    return min(by_threads, seen)
