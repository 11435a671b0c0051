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
    cycle,
    file_map,
    growth,
    hidden_copy,
    kept,
    kept_buffer,
    kept_frame,
    kept_pages,
    large_frame,
    large_temporary,
    late_window,
    live_twice,
    open_mapping,
    own_settings,
    reads_differ,
    shared_memory,
    small_pieces,
    small_value,
    stats_work,
    unnamed_copy,
    verbatim_copy,
)
from cachekit_memprobe.findings.evidence import Beside, Evidence
from cachekit_memprobe.result import Finding


class Rule(Protocol):
    """What a rule's module has."""

    CODE: str

    def find(self, evidence: Evidence) -> Iterable[Finding]:
        """What the rule finds in the evidence of one scenario."""


OF_THE_FRAME: tuple[Rule, ...] = (large_frame, own_settings)
"""What is known as soon as the value is stored, whether it could then be read or not."""

RULES: tuple[Rule, ...] = (
    large_frame,
    small_value,
    by_reference,
    verbatim_copy,
    coercion,
    stats_work,
    large_temporary,
    unnamed_copy,
    small_pieces,
    live_twice,
    reads_differ,
    late_window,
    hidden_copy,
    file_map,
    shared_memory,
    kept,
    growth,
    cycle,
    kept_buffer,
    kept_pages,
    kept_frame,
    open_mapping,
    aftermath,
    own_settings,
)
"""In the order in which they are reported."""


def findings_of_frame(evidence: Evidence) -> tuple[Finding, ...]:
    """What is found of a value that is stored, and whose reads couldn't be measured."""
    return tuple(finding for rule in OF_THE_FRAME for finding in rule.find(evidence))


def findings_of(evidence: Evidence) -> tuple[Finding, ...]:
    """What every rule finds, without what a more specific one says better."""
    found = [(rule, finding) for rule in RULES for finding in rule.find(evidence)]
    said_better = {
        (code, finding.place) for rule, finding in found for code in getattr(rule, "SUPERSEDES", ())
    }
    return tuple(finding for _, finding in found if (finding.code, finding.place) not in said_better)


__all__ = ["RULES", "Beside", "Evidence", "Rule", "findings_of", "findings_of_frame"]
