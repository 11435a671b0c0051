"""The formats that a comparison can be written in, a row each."""

from collections.abc import Callable

from cachekit_memprobe.comparison import Comparison
from cachekit_memprobe.report.formats import Format, by


def _by(renderer: str) -> Callable[[Comparison], str]:
    return by(__package__, renderer)


COMPARISON_FORMATS = (
    Format("json", ".json", "JSON", _by("json:comparison_json")),
    Format("markdown", ".md", "Markdown", _by("markdown:comparison_markdown")),
    Format("html", ".html", "one HTML file", _by("html:comparison_html")),
)
"""Besides the terminal's."""
