"""All that a report says of one scenario."""

from collections.abc import Iterator
from dataclasses import dataclass

from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.view import (
    environment_words,
    in_payloads,
    location,
    noticeable,
    site_location,
    verdict_word,
    why_not_applicable,
    why_unmeasured,
)
from cachekit_memprobe.report.words.budget import BudgetRow, budget_rows
from cachekit_memprobe.report.words.chart import TextChart, text_chart
from cachekit_memprobe.report.words.figures import FigureLine, figure_lines
from cachekit_memprobe.report.words.stages import StageRow, stage_rows, total_row
from cachekit_memprobe.result import Finding, Report, Result, SiteUsage, Verdict
from cachekit_memprobe.units import format_bytes, format_payloads

_AVOIDABLE = {"verbatim": "", "mixed": " (partly)"}


@dataclass(frozen=True)
class Said:
    """A finding: its code, and its sentence with the line that it is about."""

    code: str
    sentence: str


@dataclass(frozen=True)
class Quotation:
    """A line of code that copies byte for byte."""

    where: str
    source: str


@dataclass(frozen=True)
class NativePart:
    """What one piece of native code below a line allocated; ``where`` is empty if it is the line above."""

    where: str
    copies: str
    native: str


@dataclass(frozen=True)
class ScenarioWords:
    """One scenario for a reader, in the order in which it is read.

    Attributes:
        verdict_word: ``FAIL``.
        summary: what is measured; empty of a scenario that doesn't apply.
        details: what else is known of it, a line each.
        reason: why it could not be measured, or doesn't apply; it may have several lines.
        leading: the findings that a reader should know before any figure.
        which_read: of which read the stages are, if it isn't the first.
        stages: none when no instrument ran that follows stages; ``total`` is ``None`` then.
        chart: the staircase as text; ``None`` where there is nothing to see.
        verbatim: the source line of each byte-for-byte copy: what could go.
        has_figures: whether anything was measured, so that there is a budget to speak of.
        idle: stages that have no row, as there is nothing to say of them.
        within: the metrics of limits that are kept to and have no row.
        below: the codes of findings that are said elsewhere, as several scenarios have them.
    """

    name: str
    verdict: Verdict
    verdict_word: str
    summary: str
    details: tuple[str, ...]
    reason: str
    leading: tuple[Said, ...]
    which_read: str
    stages: tuple[StageRow, ...]
    total: StageRow | None
    chart: TextChart | None
    verbatim: tuple[Quotation, ...]
    parts: tuple[NativePart, ...]
    figures: tuple[FigureLine, ...]
    budgets: tuple[BudgetRow, ...]
    has_figures: bool
    notes: tuple[str, ...]
    findings: tuple[Said, ...]
    idle: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


def scenario_words(result: Result, report: Report) -> ScenarioWords:
    """A result in words; nothing is left out of it but what rounds to nothing."""
    options = report.run.options
    # Without a tier, its saved measurement can't be read, and nothing but its name is known.
    is_known = result.verdict != "not_applicable" and bool(result.scenario.read.tier)
    return ScenarioWords(
        name=clean_line(result.scenario.name),
        verdict=result.verdict,
        verdict_word=verdict_word(result),
        summary=clean_line(result.scenario.summary) if is_known else "",
        details=tuple(_details(result)) if is_known else (),
        reason=_reason(result, report),
        leading=_said(result, leads=True),
        which_read="the second read, which takes more than the first" if result.read > 1 else "",
        stages=stage_rows(result),
        total=total_row(result) if result.stages else None,
        chart=_chart(result),
        verbatim=tuple(_verbatim(result)),
        parts=tuple(_parts(result)),
        figures=figure_lines(result, options),
        budgets=budget_rows(result, options),
        has_figures=bool(result.metrics),
        notes=tuple(map(clean_line, result.notes)),
        findings=_said(result, leads=False),
    )


def _details(result: Result) -> Iterator[str]:
    yield _read(result)
    if words := environment_words(result):
        yield words
    if result.scenario.value.holds:
        yield f"the file holds {clean_line(result.scenario.value.holds)}"


def _read(result: Result) -> str:
    read, payload = result.scenario.read, result.payload
    way = {"tier": read.tier, "route": read.route}  # of the user's own function it may not be known yet
    words = ", ".join(f"{name} {clean_line(value)}" for name, value in way.items() if value)
    if payload is None:
        return words
    size = f"{words}; payload {format_bytes(payload.logical_bytes)}"
    if not payload.frame_bytes:
        return f"{size}, no frame"
    return f"{size}, frame {format_bytes(payload.frame_bytes, payload.logical_bytes)}"


def _reason(result: Result, report: Report) -> str:
    if result.verdict == "not_applicable":
        return why_not_applicable(result, report)
    return clean(why_unmeasured(result)).strip("\n") if result.verdict == "unmeasured" else ""


def _said(result: Result, *, leads: bool) -> tuple[Said, ...]:
    return tuple(
        Said(finding.code, clean_line(sentence_of(finding)))
        for finding in result.findings
        if finding.leads == leads
    )


def sentence_of(finding: Finding) -> str:
    """A finding's sentence with the line that it is about, as it came: not yet cleaned."""
    if finding.place is None or not finding.place.file:
        return finding.message
    where = location(finding.place)
    return finding.message if where in finding.message else f"{finding.message} ({where})"


def _chart(result: Result) -> TextChart | None:
    if result.staircase is None or result.payload is None:
        return None
    limits = [limit.limit for limit in result.budgets if limit.metric == "peak.heap"]
    return text_chart(result.staircase, result.payload.logical_bytes, min(limits, default=None))


def _sites(result: Result) -> Iterator[SiteUsage]:
    return (site for stage in result.stages for site in stage.sites)


def _verbatim(result: Result) -> Iterator[Quotation]:
    for site in _sites(result):
        if site.kind in _AVOIDABLE and noticeable(in_payloads(site.copies_bytes, result.payload)):
            source = clean(site.source).strip() or "(no source text)"
            yield Quotation(site_location(site) + _AVOIDABLE[site.kind], source)


def _parts(result: Result) -> Iterator[NativePart]:
    for site in _sites(result):
        where = site_location(site)
        for part in site.parts:
            copies = in_payloads(part.copies_bytes, result.payload)
            if noticeable(copies):
                blocks = f" ({part.blocks} blocks)" if part.blocks > 1 else ""
                yield NativePart(where, format_payloads(copies), clean_line(part.native) + blocks)
                where = ""
