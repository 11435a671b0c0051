"""The read maps a file: resident, but not heap."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence
from cachekit_memprobe.model import Finding

CODE = "MEM005"


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line that maps."""
    for stage in evidence.stages:
        for site in stage.sites:
            if site.mapped_bytes >= NOTABLE * evidence.payload.logical_bytes:
                where = f" at {site.file}:{site.line}" if site.file else ""
                message = (
                    f"{stage.name} maps {evidence.size(site.mapped_bytes)} of file{where}: RSS counts its "
                    "pages as they are touched, but the kernel can drop them at will, and no heap is taken"
                )
                yield Finding(CODE, message, stage.name, site.file or None, site.line or None)
