"""A stage allocates what tracemalloc can't see: Arrow's pools, Rust, C libraries."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence
from cachekit_memprobe.model import Finding

CODE = "MEM003"


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such stage."""
    payload_bytes = evidence.payload.logical_bytes
    for stage in evidence.stages:
        if stage.tracemalloc_bytes is None or not stage.sites:
            continue
        hidden_bytes = stage.live_bytes - stage.tracemalloc_bytes
        if hidden_bytes >= NOTABLE * payload_bytes:
            site = stage.sites[0]
            message = (
                f"tracemalloc doesn't see {evidence.size(hidden_bytes)} that {stage.name} holds at the peak, "
                f"most of it from {site.file}:{site.line}"
            )
            yield Finding(CODE, message, stage.name, site.file, site.line)
