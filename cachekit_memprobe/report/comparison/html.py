"""A comparison as one HTML file that needs nothing else: no network, no script.

The template escapes whatever it is given, and its content security policy lets nothing be loaded or run; the
only style is the one whose hash it names.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from cachekit_memprobe import __version__
from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.comparison import Comparison
from cachekit_memprobe.report.comparison.panels import HEIGHT, WIDTH, Panel, panels_of
from cachekit_memprobe.report.comparison.words import (
    METRIC_COLUMNS,
    SUMMARY_COLUMNS,
    ScenarioWords,
    comparison_words,
)

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """One scenario, and the picture of both reads."""

    anchor: str
    words: ScenarioWords
    panels: tuple[Panel, ...]


def comparison_html(comparison: Comparison) -> str:
    """The whole comparison."""
    style = (_FOLDER / "comparison.css").read_text(encoding="utf-8")
    words = comparison_words(comparison)
    return _template().render(
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        words=words,
        parts=[
            Part(f"s{number}", said, panels_of(scenario))
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


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("comparison.html.jinja")
