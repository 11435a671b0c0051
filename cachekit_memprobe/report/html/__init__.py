"""A report as one HTML file that needs nothing else: no network, no script.

The template escapes whatever it is given. Its content security policy lets nothing be loaded or run; the
only style is the one whose hash it names.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.report.html.staircase import HEIGHT, WIDTH, Drawing, drawing_of
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.view import AS_DEPLOYED, as_deployed_words, outcome
from cachekit_memprobe.report.words import (
    HEADLINE_METRICS,
    ScenarioWords,
    Section,
    command_words,
    main_point,
    matrix_sections,
    not_judged_line,
    scaling_meaning,
    scaling_sections,
    scenario_words,
    target_words,
    verdict_line,
    workers_section,
)
from cachekit_memprobe.report.words.budget import NO_BUDGET
from cachekit_memprobe.result import BudgetResult, Report, Result
from cachekit_memprobe.units import format_payloads

_FOLDER = Path(__file__).parent
_BAR = 60
"""Width of the bar of a figure, whose limit is at two thirds of it."""


@dataclass(frozen=True)
class Bar:
    """A figure of the summary; ``filled`` and ``limit`` are units of its bar, if it has a limit."""

    words: str
    filled: float = 0.0
    limit: float = 0.0
    is_over: bool = False
    title: str = ""


@dataclass(frozen=True)
class Part:
    """One scenario, and the picture of its read."""

    anchor: str
    words: ScenarioWords
    bars: tuple[Bar, ...]
    drawing: Drawing | None
    needs_a_look: bool


def render_html(report: Report) -> str:
    """The whole report."""
    style = (_FOLDER / "report.css").read_text(encoding="utf-8")
    parts = [_part(number, result, report) for number, result in enumerate(report.results)]
    return _template().render(
        report=report,
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        verdict=outcome(report),
        verdict_line=verdict_line(report),
        main_point=main_point(report),
        target=target_words(report),
        as_deployed=as_deployed_words(report.run.options) if report.run.options.as_deployed else "",
        rss_remark=AS_DEPLOYED if report.run.options.as_deployed else "",
        not_judged=not_judged_line(report),
        metrics=HEADLINE_METRICS,
        parts=parts,
        sections=[*matrix_sections(report), *scaling_sections(report), *_workers(report)],
        meaning=scaling_meaning(report),
        command=command_words(report),
        json_gz=base64.b64encode(gzip.compress(_compact(report), mtime=0)).decode(),
        stages=STAGES,
        no_budget=NO_BUDGET,
        width=WIDTH,
        height=HEIGHT,
        bar=_BAR,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.jinja")


def _compact(report: Report) -> bytes:
    return json.dumps(json.loads(to_json(report)), separators=(",", ":")).encode()


def _workers(report: Report) -> Iterator[Section]:
    if section := workers_section(report):
        yield section


def _part(number: int, result: Result, report: Report) -> Part:
    limits = {limit.metric: limit for limit in result.budgets}
    heap = limits.get("peak.heap")
    drawing = None
    if result.staircase is not None and result.payload is not None:
        limit = None if heap is None else heap.limit
        drawing = drawing_of(result.staircase, result.payload.logical_bytes, limit)
    return Part(
        anchor=f"s{number + 1}",
        words=scenario_words(result, report),
        bars=tuple(_bar(metric, result, limits.get(metric)) for metric in HEADLINE_METRICS),
        drawing=drawing,
        needs_a_look=result.verdict in ("fail", "unmeasured"),
    )


def _bar(metric: str, result: Result, limit: BudgetResult | None) -> Bar:
    if metric not in result.metrics:
        return Bar("-")
    value = result.metrics[metric]
    words = format_payloads(value)
    if limit is None or not limit.limit:
        return Bar(words)
    at_limit = _BAR * 2 / 3
    filled = min(_BAR, at_limit * value / limit.limit)
    title = f"{metric}: {words} of at most {format_payloads(limit.limit)}"
    return Bar(words, round(max(0.0, filled), 1), at_limit, limit.status == "over", title)
