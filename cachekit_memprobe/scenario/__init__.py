"""Scenarios: TOML files that say which read to replay, and the budget that it has to keep.

Every error names the file, the table and the key, what was expected, what was found, and the remedy.
"""

from cachekit_memprobe.scenario.calls import (
    call_scenario,
    check_function,
    parse_argument,
    project_root,
)
from cachekit_memprobe.scenario.conditions import limits_for, why_not
from cachekit_memprobe.scenario.costs import recorded_cost_s
from cachekit_memprobe.scenario.expansion import expand, with_overrides
from cachekit_memprobe.scenario.given import parse_variable, refuse_given
from cachekit_memprobe.scenario.limits import closest_metric, parse_limit, read_budget
from cachekit_memprobe.scenario.loader import load_scenario, parse_scenario
from cachekit_memprobe.scenario.matrix import Axis, axis_names, parse_axis
from cachekit_memprobe.scenario.payload import HowCached, payload_scenario
from cachekit_memprobe.scenario.rules import IN_BYTES
from cachekit_memprobe.scenario.schema import options_of
from cachekit_memprobe.scenario.selection import bundled_names, load_bundled, names_of, select
from cachekit_memprobe.scenario.sizes import Asked, Size, parse_asked, parse_sizes
from cachekit_memprobe.scenario.starting import Reached, call_text
from cachekit_memprobe.scenario.writing import scenario_text, starter_text

__all__ = [
    "IN_BYTES",
    "Asked",
    "Axis",
    "HowCached",
    "Reached",
    "Size",
    "axis_names",
    "bundled_names",
    "call_scenario",
    "call_text",
    "check_function",
    "closest_metric",
    "expand",
    "limits_for",
    "load_bundled",
    "load_scenario",
    "names_of",
    "options_of",
    "parse_argument",
    "parse_asked",
    "parse_axis",
    "parse_limit",
    "parse_scenario",
    "parse_sizes",
    "parse_variable",
    "payload_scenario",
    "project_root",
    "read_budget",
    "recorded_cost_s",
    "refuse_given",
    "scenario_text",
    "select",
    "starter_text",
    "why_not",
    "with_overrides",
]
