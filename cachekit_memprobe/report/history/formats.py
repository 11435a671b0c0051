"""The formats that a history can be written in, a row each."""

from collections.abc import Callable

from cachekit_memprobe.history import History
from cachekit_memprobe.report.formats import Format, by


def _by(renderer: str) -> Callable[[History], str]:
    return by(__package__, renderer)


HISTORY_FORMATS = (
    Format("json", ".json", "JSON", _by("json:history_json")),
    Format("markdown", ".md", "Markdown, for an issue", _by("markdown:history_markdown")),
    Format("html", ".html", "one HTML file, with a folder of reports beside it", _by("html:history_html")),
    Format(
        "github-benchmark",
        ".json",
        "JSON of its newest point for github-action-benchmark, which reads it as customSmallerIsBetter",
        _by("trackers:to_github_benchmark"),
    ),
    Format(
        "bencher",
        ".json",
        "JSON of its newest point for Bencher, in its Metric Format",
        _by("trackers:to_bencher"),
    ),
)
"""Besides the terminal's."""
