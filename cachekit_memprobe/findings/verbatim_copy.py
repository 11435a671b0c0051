"""A line copies memory that the read already had, byte for byte."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import DECOMPRESS
from cachekit_memprobe.findings.evidence import NOTABLE, Evidence, at, into
from cachekit_memprobe.result import Finding, SiteUsage

CODE = "MEM001"


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such line."""
    least_bytes = NOTABLE * evidence.payload.logical_bytes
    for stage in evidence.stages:
        for site in stage.sites:
            if site.verbatim_bytes is not None and site.verbatim_bytes >= least_bytes:
                message = (
                    f"{stage.name} copies {evidence.per_read(site.verbatim_bytes)}, byte for byte, "
                    f"{at(site.place)}{into(site.memory_of)}{_fate(stage.name, site, evidence)}"
                )
                yield Finding(CODE, message, site.place)


def _fate(stage: str, site: SiteUsage, evidence: Evidence) -> str:
    if site.memory_of in ("before", "unseen"):
        return "; a view would have been enough"
    if site.survived_bytes * 2 > (site.verbatim_bytes or 0):
        return f"; {evidence.keeper} keeps the copy"
    if stage == DECOMPRESS:
        return "; the value didn't compress, so its bytes were only passed through"
    return "; the copy is dropped before the read returns, so a view would have been enough"
