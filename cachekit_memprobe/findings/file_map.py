"""The read maps a file: resident, but not heap."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence
from cachekit_memprobe.model import Finding

CODE = "MEM005"


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each stage that maps."""
    for stage in evidence.stages:
        if stage.mapped_bytes >= NOTABLE * evidence.payload.logical_bytes:
            message = (
                f"{stage.name} maps {evidence.size(stage.mapped_bytes)} of file: RSS counts its pages as "
                "they are touched, but the kernel can drop them at will, and no heap is taken"
            )
            yield Finding(CODE, message, stage.name)
