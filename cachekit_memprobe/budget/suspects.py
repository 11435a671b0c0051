"""Which line to look at first when a limit is exceeded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cachekit_memprobe.model import SiteUsage, StageUsage
from cachekit_memprobe.stages import BACKEND_MAP, L1_GET, STATS, UNWRAP

_AVOIDABLE = {"verbatim": 2, "mixed": 1, "unproven": 1, "received": 1, "transformed": 0, "mapped": 0}
_NEVER_NEEDED = 3
_LIGHT_STAGES = (L1_GET, BACKEND_MAP, UNWRAP, STATS)
"""Stages that do their work without heap of the payload's size."""

_LARGE = 0.25


def suspect_of(metric: str, stages: Sequence[StageUsage], kept: Sequence[Mapping[str, Any]] = ()) -> str:
    """``unwrap at cachekit/serializers/wrapper.py:126``, or nothing when no line stands out.

    For a metric of one stage it is that stage's largest line. For a figure of the whole read it is,
    among the large lines, the one most likely avoidable: those of stages that need no memory first, then
    byte-for-byte copies, then transformations. What is large, a peak tells by what was live at it, the
    sum of copies by what was copied, and what the value holds by what outlived the read. What stays
    behind is told by who was found to keep it.
    """
    kind, _, stage_name = metric.partition(".")
    if kind == "growth" or metric in ("rss.settled", "held.after"):
        used = (entry for entry in kept if entry["file"])
        return next((f"{entry['stage']} at {entry['file']}:{entry['line']}" for entry in used), "")
    own = [stage for stage in stages if stage.name == stage_name]
    size = _SIZES.get(kind, _copies_bytes)
    sites = [(stage, site) for stage in own or stages for site in stage.sites if size(site)]
    if not sites:
        return ""
    large_bytes = _LARGE * max(size(site) for _, site in sites)
    candidates = sites if own else [pair for pair in sites if size(pair[1]) >= large_bytes]
    stage, site = max(candidates, key=lambda pair: (0 if own else _avoidable(*pair), size(pair[1])))
    return f"{stage.name} at {site.file}:{site.line}" if site.file else stage.name


def _avoidable(stage: StageUsage, site: SiteUsage) -> int:
    return _NEVER_NEEDED if stage.name in _LIGHT_STAGES else _AVOIDABLE[site.kind]


def _live_bytes(site: SiteUsage) -> int:
    return site.live_bytes


def _held_bytes(site: SiteUsage) -> int:
    return site.held_bytes


def _mapped_bytes(site: SiteUsage) -> int:
    return site.mapped_bytes


def _copies_bytes(site: SiteUsage) -> int:
    return site.copies_bytes


_SIZES: Mapping[str, Callable[[SiteUsage], int]] = {
    "peak": _live_bytes,
    "rss": _live_bytes,
    "live": _live_bytes,
    "held": _held_bytes,
    "mapped": _mapped_bytes,
}
"""What makes a line large, by the first part of the metric's name; what it copied otherwise."""
