"""A comparison as one HTML file that needs nothing else; see :mod:`cachekit_memprobe.report.templates`."""

from dataclasses import dataclass
from pathlib import Path

from cachekit_memprobe import __version__
from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.comparison import Comparison
from cachekit_memprobe.report.comparison.panels import Panel, panels_of
from cachekit_memprobe.report.comparison.words import (
    METRIC_COLUMNS,
    SUMMARY_COLUMNS,
    ScenarioWords,
    comparison_words,
)
from cachekit_memprobe.report.html.plot import HEIGHT, WIDTH
from cachekit_memprobe.report.templates import SHARED, hash_of, style_of, template

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """One scenario, and the pictures of both reads."""

    anchor: str
    words: ScenarioWords
    panels: tuple[Panel, ...]


def comparison_html(comparison: Comparison) -> str:
    """The whole comparison."""
    style = style_of((SHARED / "base.css", _FOLDER / "comparison.css"))
    words = comparison_words(comparison)
    return template(_FOLDER / "comparison.html.jinja").render(
        style=style,
        style_hash=hash_of(style),
        words=words,
        parts=[
            Part(f"s{number}", said, panels_of(scenario, len(comparison.scenarios)))
            for number, (said, scenario) in enumerate(
                zip(words.scenarios, comparison.scenarios, strict=True), 1
            )
        ],
        metric_columns=METRIC_COLUMNS,
        summary_columns=SUMMARY_COLUMNS,
        in_words=("scenario", "verdict", "metric", "stage", ""),
        stages=STAGES,
        width=WIDTH,
        height=HEIGHT,
        version=__version__,
    )
