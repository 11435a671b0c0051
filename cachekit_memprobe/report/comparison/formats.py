"""The formats that a comparison can be written in, a row each."""

from collections.abc import Callable
from importlib import import_module

from cachekit_memprobe.comparison import Comparison
from cachekit_memprobe.report.formats import Format


def _by(renderer: str) -> Callable[[Comparison], str]:
    """The renderer ``MODULE:FUNCTION``, imported when it is called."""
    module, _, function = renderer.partition(":")

    def render(comparison: Comparison) -> str:
        text: str = getattr(import_module(f"{__package__}.{module}"), function)(comparison)
        return text

    return render


COMPARISON_FORMATS = (
    Format("json", ".json", "JSON", _by("json:comparison_json")),
    Format("markdown", ".md", "Markdown", _by("markdown:comparison_markdown")),
    Format("html", ".html", "one HTML file", _by("html:comparison_html")),
)
"""Besides the terminal's."""
