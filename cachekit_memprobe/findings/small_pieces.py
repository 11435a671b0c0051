"""A line works in small pieces, one after the other: what they come to is told beside ``copies``."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import Evidence, at
from cachekit_memprobe.result import Finding

CODE = "MEM023"

_LEAST = 0.5
"""Payloads."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line whose pieces came to far more than were there at one time."""
    least_bytes = max(_LEAST * evidence.payload.logical_bytes, evidence.notable_bytes)
    for stage in evidence.stages:
        for site in stage.sites:
            if site.recycled_bytes >= least_bytes:
                message = (
                    f"{stage.name} allocates a further {evidence.per_read(site.recycled_bytes)} "
                    f"{at(site.place)} in pieces below 128 KiB, each of which takes the place of one that "
                    f"was freed: copies counts them once; pieces of 128 KiB would each count"
                )
                yield Finding(CODE, message, site.place)
