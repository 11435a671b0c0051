"""The formats of a report, as the command line writes them: the page has what a fix looks like."""

from dataclasses import replace

from cachekit_memprobe import pages
from cachekit_memprobe.errors import MemprobeError
from cachekit_memprobe.report import formats
from cachekit_memprobe.result import Report


def _page(report: Report) -> str:
    from cachekit_memprobe.report.html import render_html

    try:
        remedies = pages.remedies()
    except (MemprobeError, OSError, ValueError):  # of an installation that lacks its pages
        remedies = {}
    return render_html(report, remedies)


REPORT_FORMATS = tuple(
    replace(one, render=_page) if one.name == "html" else one for one in formats.REPORT_FORMATS
)
