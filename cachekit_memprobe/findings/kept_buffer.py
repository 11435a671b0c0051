"""A backend's connection keeps the buffer that it received into."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import ARENA_BYTES, Evidence
from cachekit_memprobe.model import Finding, SiteUsage
from cachekit_memprobe.stages import BACKEND_GET, CONNECTED

CODE = "MEM014"

_ARENAS = 2
"""A client's small objects may keep one alive that was taken while it received; that is no buffer."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    site, size_bytes = _largest_site(evidence), kept_bytes(evidence)
    if site is not None and size_bytes >= max(_ARENAS * ARENA_BYTES, evidence.notable_bytes):
        yield Finding(
            CODE,
            f"the connection keeps {evidence.size(size_bytes)} of what {BACKEND_GET} allocated at "
            f"{site.file}:{site.line}, its buffer, after the value was dropped too; it lets go of it when it "
            "receives again",
            stage=BACKEND_GET,
            file=site.file,
            line=site.line,
        )


def kept_bytes(evidence: Evidence) -> float:
    """What backend_get still holds after the value was dropped.

    It held that when the read returned; and as much is resident once the value is gone, so that it
    wasn't the value that needed it.
    """
    site, settled = _largest_site(evidence), evidence.values.get("rss.settled")
    if site is None or settled is None or evidence.leaked:
        return 0.0
    held_bytes = min(site.held_bytes, settled * evidence.payload.logical_bytes)
    return max(0.0, held_bytes - backfilled_bytes(evidence))


def backfilled_bytes(evidence: Evidence) -> int:
    """What the read put into L1, where it stays."""
    read = evidence.scenario.read
    return evidence.payload.frame_bytes * read.keys if read.backfill else 0


def _largest_site(evidence: Evidence) -> SiteUsage | None:
    if evidence.scenario.caching.backend not in CONNECTED:
        return None
    sites = [site for stage in evidence.stages if stage.name == BACKEND_GET for site in stage.sites]
    return max(sites, key=lambda site: site.held_bytes, default=None)
