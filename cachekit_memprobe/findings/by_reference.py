"""The cache hands out the object itself: there is nothing to copy."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import L1_GET, Place
from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.result import Finding

CODE = "MEM015"


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding; every measured read proved that it returned the object that was put in."""
    if evidence.scenario.read.tier == "reference":
        yield Finding(
            CODE,
            "by reference: the read returned the very object that was cached, so nothing was copied; all "
            "callers share that object, and when one of them changes it, the others see the change",
            Place(L1_GET),
        )
