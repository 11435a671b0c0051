"""A report as one HTML file that needs nothing else; see :mod:`cachekit_memprobe.report.templates`."""

import base64
import json
import lzma
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.fingerprint import fingerprint_of
from cachekit_memprobe.metrics import NAMES, metric_of
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.html.keeping import KEEPER_WIDTH
from cachekit_memprobe.report.html.page import Part, parts_of
from cachekit_memprobe.report.html.plot import HEIGHT, WIDTH
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.templates import hash_of, style_of, template
from cachekit_memprobe.report.view import AS_DEPLOYED, as_deployed_words, metric_label, outcome
from cachekit_memprobe.report.words import (
    HEADLINE_METRICS,
    Said,
    Section,
    command_words,
    main_point,
    matrix_sections,
    not_judged_line,
    scaling_meaning,
    scaling_sections,
    target_words,
    verdict_line,
    workers_section,
)
from cachekit_memprobe.report.words.budget import NO_BUDGET
from cachekit_memprobe.result import Report

_FOLDER = Path(__file__).parent
_MANY = 3
_NOTHING: Mapping[str, str] = {}
_XZ_OF_TEXT = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "pb": 0}
_BETWEEN_TAGS = re.compile(r">\s*\n\s*<")


def render_html(
    report: Report, remedies: Mapping[str, str] = _NOTHING, flame_graphs: Mapping[str, str] = _NOTHING
) -> str:
    """The whole report.

    Args:
        remedies: what a fix looks like, as plain text with blank lines between paragraphs, by the code of a
            finding.
        flame_graphs: links to memray's, by scenario.
    """
    parts, facts = parts_of(report), _environment(report)
    style = style_of((_FOLDER / "base.css", _FOLDER / "report.css")) + _widths(parts)
    page = template(_FOLDER / "report.html.jinja").render(
        report=report,
        style=style,
        style_hash=hash_of(style),
        verdict=outcome(report),
        verdict_line=verdict_line(report),
        main_point=main_point(report),
        target=target_words(report),
        as_deployed=as_deployed_words(report.run.options) if report.run.options.as_deployed else "",
        rss_remark=AS_DEPLOYED if report.run.options.as_deployed else "",
        not_judged=not_judged_line(report),
        metrics=HEADLINE_METRICS,
        parts=parts,
        flame_graphs={clean_line(name): link for name, link in flame_graphs.items()},
        sections=[*matrix_sections(report), *scaling_sections(report), *_workers(report)],
        meaning=scaling_meaning(report),
        command=command_words(report),
        environment={clean_line(name): clean_line(words) for name, words in facts.items()},
        remedies={code: clean(remedies[code]) for code in _codes(parts) if code in remedies},
        meanings=_meanings(parts),
        shared=_shared(parts),
        json_xz=base64.b64encode(_packed(report)).decode(),
        stages=STAGES,
        no_budget=NO_BUDGET,
        width=WIDTH,
        height=HEIGHT,
        keeper=KEEPER_WIDTH,
    )
    # What a text has of angle brackets is escaped, so that these are between tags.
    return _BETWEEN_TAGS.sub("><", page)


def _widths(parts: Sequence[Part]) -> str:
    """Of the bars that there are; no element of the page may have a style of its own."""
    widths = {bar.filled for part in parts for bar in part.bars}
    return "".join(f".b{width}{{--w:{width}px}}" for width in sorted(widths))


def _packed(report: Report) -> bytes:
    """By xz it is half of what gzip makes of it, which doesn't see that scenarios are alike."""
    compact = json.dumps(json.loads(to_json(report)), separators=(",", ":"))
    return lzma.compress(compact.encode(), filters=[_XZ_OF_TEXT])


def _workers(report: Report) -> Iterator[Section]:
    if section := workers_section(report):
        yield section


def _codes(parts: tuple[Part, ...]) -> list[str]:
    """Of all findings, in their order."""
    return sorted({said.code for part in parts for said in (*part.words.leading, *part.words.findings)})


def _shared(parts: tuple[Part, ...]) -> Mapping[Said, Sequence[Part]]:
    """What is said of so many scenarios that it is better said once."""
    found: dict[Said, list[Part]] = {}
    for part in parts:
        for said in part.words.findings:
            found.setdefault(said, []).append(part)
    return {said: of for said, of in found.items() if len(of) >= _MANY}


def _meanings(parts: tuple[Part, ...]) -> Mapping[str, str]:
    """Of each metric that has a limit."""
    limited = {row.metric for part in parts for row in part.words.budgets}
    return {name: f"{metric_label(name)}: {metric_of(name).meaning}" for name in NAMES if name in limited}


def _environment(report: Report) -> Mapping[str, str]:
    """What was measured, with what, and how; with the digest by which two environments are told apart."""
    options, fingerprint = report.run.options, fingerprint_of(report.run)
    reads, processes = "s" * (options.reads > 1), "es" * (options.repeat > 1)
    how = {
        "rss": f"{options.reads} read{reads} in each of {options.repeat} process{processes}",
        "processes": "of rss fresh, others forked" if options.isolation == "fork" else "fresh",
    }
    return {**fingerprint.parts, **how, "fingerprint": fingerprint.digest}
