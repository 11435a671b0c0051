"""A tracemalloc window that opens after unwrap misses part of the read, as the old regression test did."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import UNWRAP, Place
from cachekit_memprobe.findings.evidence import NOTABLE, Evidence
from cachekit_memprobe.result import Finding

CODE = "MEM002"


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding, on unwrap."""
    whole = evidence.values.get("peak.tracemalloc")
    late = evidence.values.get("peak.tracemalloc_late")
    if whole is not None and late is not None and whole - late >= NOTABLE:
        message = (
            f"a tracemalloc window opened after unwrap misses {evidence.payloads(whole - late)} of this read"
        )
        yield Finding(CODE, message, Place(UNWRAP))
