"""Each read leaves memory behind after its value was dropped, and who keeps it if that can be told."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import NOTABLE, Evidence
from cachekit_memprobe.model import Finding

CODE = "MEM004"


def find(evidence: Evidence) -> Iterator[Finding]:
    """What is kept, by name, and the growth that it or something else makes."""
    growth = evidence.values.get("growth.per_read", 0.0)
    for kept in evidence.kept:
        where = f", used in {kept['stage']} at {kept['file']}:{kept['line']}" if kept["file"] else ""
        size = evidence.size(kept["size_bytes"])
        message = f"{kept['name']} still refers to {size} after the value was dropped{where}"
        yield Finding(CODE, message, kept["stage"], kept["file"] or None, kept["line"] or None)
    if growth >= NOTABLE:
        yield Finding(
            CODE, f"each further read adds {evidence.payloads(growth)} of resident set and keeps it"
        )
