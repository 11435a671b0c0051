"""The returned value keeps the file map of the stored entry open."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence
from cachekit_memprobe.model import Finding

CODE = "MEM012"


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    mapping = evidence.values.get("held.mapping", 0.0)
    if mapping < NOTABLE:
        return
    open_files = (evidence.retained or {}).get("result", {}).get("open_files", 0)
    files = " and a file descriptor" if open_files else ""
    yield Finding(
        CODE,
        f"the returned value keeps a file map of {evidence.payloads(mapping)}{files} open; deleting the "
        "entry gives back neither its memory nor its disk space until the value is dropped",
    )
