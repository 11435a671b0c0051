"""Each read leaves resident memory behind after its value was dropped."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import ARENA_BYTES, NOTABLE, Evidence
from cachekit_memprobe.metrics import noise_bytes
from cachekit_memprobe.result import Finding
from cachekit_memprobe.units import format_payloads

CODE = "MEM013"


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    growth = evidence.values.get("growth.per_read", 0.0)
    margin = evidence.values.get("growth.margin")
    # Of many small objects each read leaves an arena more behind, until there are enough of them.
    least_bytes = noise_bytes("growth.per_read") + ARENA_BYTES
    least = max(NOTABLE, least_bytes / evidence.payload.logical_bytes)
    if margin is None and evidence.as_deployed:
        # Of two points, an allocator's own ups and downs make any slope.
        return
    if growth > least and growth > (margin or 0.0):
        exactness = "" if margin is None else f" ± {format_payloads(margin)}"
        yield Finding(
            CODE,
            f"each further read adds {evidence.payloads(growth)}{exactness} of resident memory that stays "
            f"after its value was dropped"
            f"{_kind(evidence)}",
        )


def _kind(evidence: Evidence) -> str:
    parts = [
        f"{format_payloads(evidence.values[name])} {label}"
        for name, label in (
            ("growth.anon", "anonymous"),
            ("growth.file", "file-backed"),
            ("growth.shared", "shared"),
        )
        if evidence.values.get(name, 0.0) >= NOTABLE
    ]
    return f": {', '.join(parts)}" if parts else ""
