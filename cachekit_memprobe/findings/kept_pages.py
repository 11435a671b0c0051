"""An allocator keeps pages that were freed: resident, though nothing lives in them."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import CONNECTED
from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.findings.kept_buffer import backfilled_bytes, kept_bytes
from cachekit_memprobe.result import Finding

CODE = "MEM009"

_LARGE = 0.25
"""Of the payload; what a first read sets up for good stays below it."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    settled, alive = evidence.values.get("rss.settled"), _alive(evidence)
    if settled is None or alive is None or evidence.leaked:
        return
    pages = settled - alive
    if pages >= _LARGE and pages * evidence.payload.logical_bytes >= evidence.notable_bytes:
        yield Finding(
            CODE,
            f"{evidence.payloads(settled)} stays resident after the value was dropped, although at most "
            f"{evidence.payloads(alive)} of it is in use: an allocator keeps pages that were freed"
            f"{_reuse(evidence)}",
        )


def _alive(evidence: Evidence) -> float | None:
    """At most what can be alive after the read: found so, or what the read itself had not given back."""
    if evidence.scenario.caching.backend in CONNECTED and "copies.total" not in evidence.values:
        # Only memray tells what the connection keeps for itself.
        return None
    if "held.after" in evidence.values:
        # Retention empties L1, and compares with a process whose connections have their buffers already.
        beside_bytes = kept_bytes(evidence) + backfilled_bytes(evidence)
        return max(0.0, evidence.values["held.after"]) + beside_bytes / evidence.payload.logical_bytes
    if "copies.total" not in evidence.values:
        return None
    survived_bytes = sum(
        stage.survived_bytes + stage.mapped_bytes + stage.shared_bytes for stage in evidence.stages
    )
    return survived_bytes / evidence.payload.logical_bytes


def _reuse(evidence: Evidence) -> str:
    growth = evidence.values.get("growth.per_read")
    if growth is None or growth * evidence.payload.logical_bytes >= evidence.notable_bytes:
        return ""
    return ", and the next reads use them again"
