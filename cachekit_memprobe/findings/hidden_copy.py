"""A stage allocates what tracemalloc can't see: Arrow's pools, Rust, C libraries."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.model import Finding, StageUsage
from cachekit_memprobe.stages import OTHER, STATS

CODE = "MEM003"

_ROUNDING = 0.2
"""Of what tracemalloc sees: by so much an arena of small objects may be larger than what was asked for.
Of nested dicts it is 12 %."""
_AROUND = (STATS, OTHER)
"""The read comes back to these after its other stages, and what those held is freed in them. tracemalloc
tells a stage's balance, which is too low by that much."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such stage."""
    for stage in evidence.stages:
        hidden_bytes = _hidden_bytes(stage, evidence)
        if stage.sites and hidden_bytes >= evidence.notable_bytes:
            site = stage.sites[0]
            message = (
                f"tracemalloc doesn't see {evidence.size(hidden_bytes)} that {stage.name} holds at the peak, "
                f"most of it from {site.file}:{site.line}"
            )
            yield Finding(CODE, message, stage.name, site.file, site.line)


def _hidden_bytes(stage: StageUsage, evidence: Evidence) -> float:
    if stage.tracemalloc_bytes is None:
        return 0.0
    hidden_bytes = float(stage.live_bytes - stage.tracemalloc_bytes)
    if hidden_bytes < _ROUNDING * stage.tracemalloc_bytes:
        return 0.0
    if stage.name not in _AROUND:
        return hidden_bytes
    heap, seen = evidence.values.get("peak.heap", 0.0), evidence.values.get("peak.tracemalloc", 0.0)
    return min(hidden_bytes, (heap - seen) * evidence.payload.logical_bytes)
