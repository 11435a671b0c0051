"""The read maps a file: resident, but not heap."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence, located
from cachekit_memprobe.result import Finding

CODE = "MEM005"


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line that maps."""
    for stage in evidence.stages:
        for site in stage.sites:
            if site.mapped_bytes >= NOTABLE * evidence.payload.logical_bytes:
                where = f" at {located(site.place)}" if site.place.file else ""
                message = (
                    f"{stage.name} maps {evidence.size(site.mapped_bytes)} of a file{where}: RSS counts each "
                    "page once it is touched, but a map takes no heap, and the kernel can drop its pages"
                )
                yield Finding(CODE, message, site.place)
