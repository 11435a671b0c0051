"""Scenarios: TOML files that say which read to replay, and the budget that it has to keep.

Every error names the file, the table and the key, what was expected, what was found, and the remedy.
"""

from cachekit_memprobe.scenario.bundled import bundled_names, load_bundled
from cachekit_memprobe.scenario.limits import parse_limit
from cachekit_memprobe.scenario.loader import load_scenario
from cachekit_memprobe.scenario.overrides import with_overrides
from cachekit_memprobe.scenario.releases import applies_to
from cachekit_memprobe.scenario.selection import select

__all__ = [
    "applies_to",
    "bundled_names",
    "load_bundled",
    "load_scenario",
    "parse_limit",
    "select",
    "with_overrides",
]
