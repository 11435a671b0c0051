"""What a developer should know, one rule a file.

A rule is a module with a stable ``CODE`` and a function ``find``; it sees the evidence of one scenario
and yields plain sentences. To add one is to add its file, its line here and its page in docs/findings.

A rule that says of a line what another one says, and more, names that one's code in ``SUPERSEDES``: the
line then has the more specific finding only.
"""

from collections.abc import Iterable
from typing import Protocol

from cachekit_memprobe.findings import (
    aftermath,
    by_reference,
    coercion,
    file_map,
    growth,
    hidden_copy,
    kept,
    kept_buffer,
    kept_frame,
    kept_pages,
    large_temporary,
    late_window,
    live_twice,
    open_mapping,
    small_value,
    stats_work,
    verbatim_copy,
)
from cachekit_memprobe.findings.evidence import Beside, Evidence
from cachekit_memprobe.result import Finding


class Rule(Protocol):
    """What a rule's module has."""

    CODE: str

    def find(self, evidence: Evidence) -> Iterable[Finding]:
        """What the rule finds in the evidence of one scenario."""


RULES: tuple[Rule, ...] = (
    small_value,
    by_reference,
    verbatim_copy,
    coercion,
    stats_work,
    large_temporary,
    live_twice,
    late_window,
    hidden_copy,
    file_map,
    kept,
    growth,
    kept_buffer,
    kept_pages,
    kept_frame,
    open_mapping,
    aftermath,
)
"""In the order in which they are reported."""


def findings_of(evidence: Evidence) -> tuple[Finding, ...]:
    """What every rule finds, without what a more specific one says better."""
    found = [(rule, finding) for rule in RULES for finding in rule.find(evidence)]
    said_better = {
        (code, finding.place) for rule, finding in found for code in getattr(rule, "SUPERSEDES", ())
    }
    return tuple(finding for _, finding in found if (finding.code, finding.place) not in said_better)


__all__ = ["RULES", "Beside", "Evidence", "Rule", "findings_of"]
