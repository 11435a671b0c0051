"""A read allocates more than the value's size for a moment, and drops it before it returns."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import STATS, Place
from cachekit_memprobe.findings.coercion import coercion_in
from cachekit_memprobe.findings.evidence import Evidence, at
from cachekit_memprobe.result import Finding, SiteUsage, StageUsage

CODE = "MEM007"
SUPERSEDES = ("MEM022",)
"""It names what the line coerces, too."""

_LARGER = 1.5
"""Times the value, or its frame if that is larger. One whole intermediate form is what a stage may need."""
_UNTOUCHED = 0.5
"""Of the temporary memory: what RSS has to lack of the heap's peak for most of it to be untouched."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such line; one for a stage of which only all lines together are large."""
    payload, readers = evidence.payload, evidence.scenario.read.readers
    limit_bytes = _LARGER * max(payload.logical_bytes, payload.frame_bytes) * readers
    limit_bytes = max(limit_bytes, evidence.notable_bytes)
    # What the decorator allocates around the value is another rule's.
    for stage in (stage for stage in evidence.stages if stage.name != STATS):
        large = [site for site in stage.sites if _dropped_bytes(site) > limit_bytes]
        for site in large:
            message = _message(stage, at(site.place), _dropped_bytes(site), evidence)
            message += _argument(site) + _residency(site, evidence)
            yield Finding(CODE, message, site.place)
        rest_bytes = sum(_dropped_bytes(site) for site in stage.sites if _is_own(site))
        if not large and rest_bytes > limit_bytes:
            yield Finding(CODE, _message(stage, "on several lines", rest_bytes, evidence), Place(stage.name))


def _dropped_bytes(site: SiteUsage) -> int:
    return max(0, site.copies_bytes - site.survived_bytes)


def _is_own(site: SiteUsage) -> bool:
    """Whether the line makes something; a copy is told as a copy, and what was received was asked for."""
    return site.kind in ("transformed", "mixed", "unproven")


def _message(stage: StageUsage, where: str, dropped_bytes: int, evidence: Evidence) -> str:
    return (
        f"{stage.name} allocates {evidence.size(dropped_bytes)} {where}, more than the value itself, "
        "and frees it before the read returns"
    )


def _argument(site: SiteUsage) -> str:
    """A copy that is made in the middle of a call has no name, so that it can't be proven to be one."""
    coercion = coercion_in(site.source)
    return f"; if {coercion} is given a view, the copy that it makes is part of that" if coercion else ""


def _residency(site: SiteUsage, evidence: Evidence) -> str:
    """Said of a line that holds at the heap's peak what is missing from that of RSS."""
    heap, resident = evidence.values.get("peak.heap"), evidence.values.get("rss.peak")
    if heap is None or resident is None:
        return ""
    untouched_bytes = (heap - resident) * evidence.payload.logical_bytes
    if not _UNTOUCHED * _dropped_bytes(site) < untouched_bytes <= site.live_bytes:
        return ""
    return (
        f"; most of these pages are never touched: the heap peaks at {evidence.payloads(heap)}, RSS only at "
        f"{evidence.payloads(resident)}"
    )
