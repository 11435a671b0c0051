"""The returned value keeps the stored frame alive, or unwrap's copy of it."""

from collections.abc import Iterator

from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.model import Finding

CODE = "MEM011"

_WHOLE = 0.5
"""Of the payload: a frame is pinned whole or not at all; this only tells it from nothing."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    frame = evidence.values.get("held.frame", 0.0)
    if frame < _WHOLE or evidence.values.get("held.after", 0.0) >= _WHOLE:
        # What stays when the value is gone too isn't kept by the value.
        return
    handed = (evidence.retained or {}).get("handed", ())
    what = (
        "unwrap's copy of the payload" if all(item["what"] == "payload" for item in handed) else "the frame"
    )
    eviction = (
        "; evicting L1 frees nothing until it is dropped"
        if evidence.scenario.read.tier == "l1" and what == "the frame"
        else ""
    )
    part = evidence.values.get("held.slice", 0.0)
    rows = f"; ten rows of it are enough to keep {evidence.payloads(part)}" if part >= _WHOLE else ""
    yield Finding(CODE, f"the returned value keeps {what} alive, {evidence.payloads(frame)}{eviction}{rows}")
