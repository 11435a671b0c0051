"""The cache hands out the object itself: there is nothing to copy."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.model import Finding
from cachekit_memprobe.stages import L1_GET

CODE = "MEM015"


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding; every measured read proved that it returned the object that was put in."""
    if evidence.scenario.read.tier == "reference":
        yield Finding(
            CODE,
            "by reference: the read returned the very object that was cached, so there is nothing to copy; "
            "every caller gets the same object, and what one changes in it the others see",
            L1_GET,
        )
