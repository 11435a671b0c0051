"""The value is so small that what the read needs for itself is much of every figure."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.metrics import SMALLEST_PAYLOAD_BYTES
from cachekit_memprobe.result import Finding
from cachekit_memprobe.units import format_bytes

CODE = "MEM016"


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding; a value that is made is larger, the user's own may be of any size."""
    payload_bytes = evidence.payload.logical_bytes
    if payload_bytes < SMALLEST_PAYLOAD_BYTES:
        yield Finding(
            CODE,
            f"the value is only {format_bytes(payload_bytes)}: any read takes some 0.3 MB for itself, so "
            "figures in payloads say little about a larger value",
        )
