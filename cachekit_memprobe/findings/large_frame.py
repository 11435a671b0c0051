"""The frame is many times the value."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.result import Finding
from cachekit_memprobe.units import format_bytes, format_payloads

CODE = "MEM018"

_MANY = 3.0
"""JSON spells out a float of 8 bytes in up to 24 characters."""
_NOTABLE_BYTES = 1 << 20
_SMALL_BATCH_BYTES = 1 << 20
"""cachekit cuts tables into batches of 8 MiB; far smaller ones have another cause than that."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    payload = evidence.payload
    excess_bytes = payload.frame_bytes - payload.logical_bytes
    if payload.frame_bytes >= _MANY * payload.logical_bytes and excess_bytes >= _NOTABLE_BYTES:
        times = format_payloads(payload.frame_bytes / payload.logical_bytes)
        size = format_bytes(payload.frame_bytes, payload.logical_bytes)
        message = (
            f"the frame is {times} the value ({size}): each copy of it, and each tier that holds it, takes "
            "as much"
        )
        yield Finding(CODE, message + _batches(evidence), leads=True)


def _batches(evidence: Evidence) -> str:
    batches = evidence.payload.record_batches
    if batches < 2 or evidence.payload.frame_bytes / batches > _SMALL_BATCH_BYTES:
        return ""
    each = format_bytes(evidence.payload.frame_bytes / batches)
    return (
        f"; it consists of {batches:,} record batches of {each}, each with its own description of every "
        "column, and a read makes objects of each"
    )
