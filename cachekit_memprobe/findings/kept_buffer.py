"""A backend's connection keeps the buffer that it received into."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import BACKEND_GET, CONNECTED
from cachekit_memprobe.findings.evidence import ARENA_BYTES, Evidence, at
from cachekit_memprobe.result import Finding, SiteUsage

CODE = "MEM014"

_ARENAS = 2
"""A client's small objects may keep one alive that was taken while it received; that is no buffer."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    site, size_bytes = _largest_site(evidence), kept_bytes(evidence)
    if site is not None and size_bytes >= max(_ARENAS * ARENA_BYTES, evidence.notable_bytes):
        yield Finding(
            CODE,
            f"the connection keeps the buffer that it received into, {evidence.size(size_bytes)} that "
            f"{BACKEND_GET} allocated {at(site.place)}, even after the value was dropped; the next receive "
            "frees it",
            site.place,
        )


def kept_bytes(evidence: Evidence) -> float:
    """What backend_get still keeps after the value was dropped.

    It had survived when the read returned; and as much is resident once the value is gone, so that it
    wasn't the value that needed it.
    """
    site, settled = _largest_site(evidence), evidence.values.get("rss.settled")
    if site is None or settled is None or evidence.leaked:
        return 0.0
    survived_bytes = min(site.survived_bytes, settled * evidence.payload.logical_bytes)
    return max(0.0, survived_bytes - backfilled_bytes(evidence))


def backfilled_bytes(evidence: Evidence) -> int:
    """What the read put into L1, where it stays."""
    read = evidence.scenario.read
    return evidence.payload.frame_bytes * read.keys if read.backfill else 0


def _largest_site(evidence: Evidence) -> SiteUsage | None:
    if evidence.scenario.caching.backend not in CONNECTED:
        return None
    sites = [site for stage in evidence.stages if stage.name == BACKEND_GET for site in stage.sites]
    return max(sites, key=lambda site: site.survived_bytes, default=None)
