"""The returned value keeps the file map of the stored frame open."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence
from cachekit_memprobe.result import Finding

CODE = "MEM012"


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    mapping = evidence.values.get("held.mapping", 0.0)
    if mapping < NOTABLE:
        return
    open_files = evidence.retained.result.open_files if evidence.retained else 0
    files = " and a file descriptor" if open_files else ""
    yield Finding(
        CODE,
        f"the returned value keeps a file map of {evidence.payloads(mapping)}{files} open; until the "
        "value is dropped, deleting the entry frees neither its memory nor its disk space",
    )
