"""What the decorator does around the value, for its statistics, takes memory of the value's size."""

import ast
from collections.abc import Iterator

from cachekit_memprobe.child.stages import STATS
from cachekit_memprobe.findings.evidence import Evidence, at
from cachekit_memprobe.findings.source_line import calls_in, words_of
from cachekit_memprobe.result import Finding, SiteUsage

CODE = "MEM010"
SUPERSEDES = ("MEM001", "MEM006")
"""Whatever the memory holds: in this stage none of it is for the reader."""

_SPELLED_OUT = ("str", "repr", "format", "ascii")


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each line of the stage that allocates in the size of the value."""
    sites = (site for stage in evidence.stages if stage.name == STATS for site in stage.sites)
    for site in sites:
        if site.copies_bytes >= evidence.notable_bytes:
            message = (
                f"{STATS} allocates {evidence.per_read(site.copies_bytes)} {at(site.place)} for its own "
                f"bookkeeping, of which the caller gets nothing{_what(site)}"
            )
            yield Finding(CODE, message, site.place)


def _what(site: SiteUsage) -> str:
    for call in calls_in(site.source):
        if isinstance(call.func, ast.Name) and call.func.id in _SPELLED_OUT and len(call.args) == 1:
            return f": {words_of(call) or call.func.id} makes text of the value"
    return ""
