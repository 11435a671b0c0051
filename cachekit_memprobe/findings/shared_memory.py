"""The read uses shared memory, or leaves it behind: no file, whatever it looks like."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence, at
from cachekit_memprobe.metrics import noise_bytes
from cachekit_memprobe.result import Finding, SiteUsage

CODE = "MEM020"

_WHY = "the kernel can't drop it as it can a file's pages, so in a container it counts like heap"


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line that maps shared memory; if there is none, one for what is resident."""
    least_bytes = max(NOTABLE * evidence.payload.logical_bytes, noise_bytes("rss.shared"))
    sites = [
        (stage.name, site)
        for stage in evidence.stages
        for site in stage.sites
        if site.shared_bytes >= least_bytes
    ]
    left = _left(evidence, least_bytes)
    for stage, site in sites:
        yield Finding(CODE, f"{stage} {_what(site, evidence)}: {_WHY}{left}", site.place)
    resident_bytes = _largest(evidence) * evidence.payload.logical_bytes
    if not sites and resident_bytes >= least_bytes:
        message = f"{evidence.size(resident_bytes)} of shared memory is resident, of no line that is known"
        yield Finding(CODE, f"{message}: {_WHY}{left}")


def _what(site: SiteUsage, evidence: Evidence) -> str:
    size, where = evidence.per_read(site.shared_bytes), at(site.place)
    if site.copies_bytes >= site.shared_bytes:
        return f"makes {size} of shared memory {where}"
    return f"maps {size} of shared memory {where} that was there before, as a file in a tmpfs is"


def _left(evidence: Evidence, least_bytes: float) -> str:
    payload_bytes = evidence.payload.logical_bytes
    growth_bytes = evidence.values.get("growth.shared", 0.0) * payload_bytes
    after_bytes = _after_bytes(evidence)
    if growth_bytes >= least_bytes:
        return f". Each further read leaves {evidence.size(growth_bytes)} more of it behind"
    if after_bytes >= least_bytes:
        return f". {evidence.size(after_bytes)} of it stays after the value was dropped"
    return ""


def _largest(evidence: Evidence) -> float:
    """In payloads: the most of shared memory that any instrument saw."""
    after = _after_bytes(evidence) / evidence.payload.logical_bytes
    return max(after, *(evidence.values.get(name, 0.0) for name in ("rss.shared", "held.shared")))


def _after_bytes(evidence: Evidence) -> int:
    return (evidence.retained.after.shared_bytes or 0) if evidence.retained else 0
