"""The returned value keeps the stored frame alive, or unwrap's copy of it."""

from collections.abc import Iterator

from cachekit_memprobe.child.stages import BODY
from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.result import Finding

CODE = "MEM011"

_WHOLE = 0.5
"""Of the payload: a frame is kept alive whole or not at all; this only tells it from nothing."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding."""
    frame = evidence.values.get("held.frame", 0.0)
    if frame < _WHOLE or evidence.values.get("held.after", 0.0) >= _WHOLE:
        # What stays when the value is gone too isn't kept by the value.
        return
    handed = evidence.retained.handed if evidence.retained else ()
    copied = all(item.what == BODY for item in handed)
    what = "unwrap's copy of the frame's body" if copied else "the frame"
    eviction = (
        "; until it is dropped, evicting the entry from L1 frees nothing"
        if evidence.scenario.read.tier == "l1" and what == "the frame"
        else ""
    )
    part = evidence.values.get("held.slice", 0.0)
    rows = f"; ten rows of it are enough to keep {evidence.payloads(part)} alive" if part >= _WHOLE else ""
    yield Finding(CODE, f"the returned value keeps {what} alive, {evidence.payloads(frame)}{eviction}{rows}")
