"""A line makes an object of a view in the middle of an expression, where no name ever refers to it."""

from collections.abc import Iterator

from cachekit_memprobe.findings.coercion import coercion_in
from cachekit_memprobe.findings.evidence import Evidence, at
from cachekit_memprobe.result import Finding, SiteUsage

CODE = "MEM022"

_LEAST = 0.25
"""Payloads: what a copy of the value or of a large part of it takes."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line whose source coerces, and of whose memory nothing could be proven."""
    least_bytes = max(_LEAST * evidence.payload.logical_bytes, evidence.notable_bytes)
    for stage in evidence.stages:
        for site in stage.sites:
            coercion = coercion_in(site.source)
            if coercion and _unproven_bytes(site) >= least_bytes:
                size = evidence.per_read(_unproven_bytes(site))
                message = (
                    f"{stage.name} allocates {size} {at(site.place)}, and frees it before the read returns; "
                    f"{coercion} copies what it is given, and no name refers to the copy, so that it can't "
                    "be compared: if that is a view, pass it on"
                )
                yield Finding(CODE, message, site.place)


def _unproven_bytes(site: SiteUsage) -> int:
    """What the line dropped without anybody having seen what it was."""
    if site.kind != "unproven" or site.verbatim_bytes is None:
        return 0
    return max(0, site.copies_bytes - site.survived_bytes)
