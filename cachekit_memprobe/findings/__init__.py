"""What a developer should know, one rule a file.

A rule is a module with a stable ``CODE`` and a function ``find``; it sees the evidence of one scenario
and yields plain sentences. To add one is to add its file and its line here.
"""

from cachekit_memprobe.findings import (
    file_map,
    growth,
    hidden_copy,
    late_window,
    open_mapping,
    pinned_frame,
    verbatim_copy,
)
from cachekit_memprobe.findings.evidence import Evidence
from cachekit_memprobe.model import Finding

RULES = (verbatim_copy, late_window, hidden_copy, growth, file_map, pinned_frame, open_mapping)
"""In the order in which they are reported."""


def findings_of(evidence: Evidence) -> tuple[Finding, ...]:
    return tuple(finding for rule in RULES for finding in rule.find(evidence))


__all__ = ["RULES", "Evidence", "findings_of"]
