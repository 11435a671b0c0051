"""The formats of a report, as the command line writes them: the page has what a fix looks like."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from cachekit_memprobe import pages
from cachekit_memprobe.errors import MemprobeError
from cachekit_memprobe.report import formats
from cachekit_memprobe.result import Report

_NONE: Mapping[str, str] = MappingProxyType({})


def page(report: Report, flame_graphs: Mapping[str, str] = _NONE) -> str:
    """The HTML of a report; ``flame_graphs`` are links to those that there are, by scenario."""
    from cachekit_memprobe.report.html import render_html

    try:
        remedies = pages.remedies()
    except (MemprobeError, OSError, ValueError):  # of an installation that lacks its pages
        remedies = {}
    return render_html(report, remedies, flame_graphs)


REPORT_FORMATS = tuple(
    replace(one, render=page) if one.name == "html" else one for one in formats.REPORT_FORMATS
)
