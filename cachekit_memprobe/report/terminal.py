"""The report that a developer reads first: rich renderables for a terminal of a known width.

Text from outside goes into ``Text``, never into markup.
"""

from collections.abc import Collection, Iterable

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.child.printable import pasted
from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.report.budget_lines import budget_lines
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.comparison import comparison
from cachekit_memprobe.report.figures import figure_lines
from cachekit_memprobe.report.layout import Trimmed, filled, indented, labelled, listed
from cachekit_memprobe.report.scaling_lines import scaling_section
from cachekit_memprobe.report.stage_table import stage_table
from cachekit_memprobe.report.styles import HEADING, QUIET, SOURCE, VERDICT_STYLES, WARNING
from cachekit_memprobe.report.summary import modified_lines, not_judged_line, summary_table, verdict_line
from cachekit_memprobe.report.view import (
    as_deployed_words,
    environment_words,
    in_payloads,
    location,
    noticeable,
    site_location,
    verdict_word,
    why_not_applicable,
    why_unmeasured,
)
from cachekit_memprobe.report.worker_lines import workers_section
from cachekit_memprobe.result import Finding, Report, Result
from cachekit_memprobe.units import format_bytes, format_payloads

_AVOIDABLE = {"verbatim": "", "mixed": " (partly)"}
_BESIDE_CACHEKIT = ("python", "pyarrow", "pandas", "memray")


def render_report(report: Report, *, width: int, names: Collection[str] = ()) -> Trimmed:
    """The whole report, to be printed on a console of ``width`` columns.

    Args:
        names: of the scenarios to show in full, these only; by default all but those of a sweep, of which
            many differ little.
    """
    parts: list[RenderableType] = [*_header(report, width)]
    for result in report.results:
        if result.scenario.name in names if names else _has_its_own_part(result):
            parts.extend((Text(), _title(result), *_scenario(result, report, width)))
    parts.extend(_sweep(report, width))
    parts.extend((Text(), Rule(Text("run"), align="left", style=QUIET), *_closing(report)))
    return Trimmed(Group(*parts))


def _has_its_own_part(result: Result) -> bool:
    """Whether a result has a part of its own. Of many that differ little only those have that need a look."""
    return result.scenario.variant is None or result.verdict != "pass"


def _sweep(report: Report, width: int) -> Iterable[RenderableType]:
    """The tables of a matrix, of several sizes and of several workers, where there are any."""
    if report.run.sweep.axes and report.results:
        yield from (Text(), Rule(Text("matrix"), align="left", style=QUIET))
        yield from comparison(report, width)
    if report.scaling:
        yield from (Text(), Rule(Text("sizes"), align="left", style=QUIET))
        yield from scaling_section(report)
    if report.run.sweep.workers and report.results:
        yield from (Text(), Rule(Text(f"{report.run.sweep.workers} workers"), align="left", style=QUIET))
        yield from workers_section(report)


def _header(report: Report, width: int) -> Iterable[RenderableType]:
    versions = {name: clean_line(version) for name, version in report.run.target.versions.items()}
    name = clean_line(report.run.target.words)
    others = [f"{other} {versions[other]}" for other in _BESIDE_CACHEKIT if other in versions]
    header = Text(filled(listed([name, *others, versions.get("platform", "")]), width))
    header.stylize(HEADING, 0, len(name))
    yield header
    yield from (Text(line, style=WARNING) for line in modified_lines(report))
    if report.run.options.as_deployed:
        yield Text(f"RSS {as_deployed_words(report.run.options)}", style=WARNING)


def _title(result: Result) -> Rule:
    name = (f"{clean_line(result.scenario.name)}: ", HEADING)
    verdict = (verdict_word(result), VERDICT_STYLES[result.verdict])
    return Rule(Text.assemble(name, verdict), align="left", style=QUIET)


def _scenario(result: Result, report: Report, width: int) -> Iterable[RenderableType]:
    if result.verdict == "not_applicable":
        yield Text(why_not_applicable(result, report))
        return
    if result.scenario.read.tier:  # else its saved measurement can't be read
        yield Text(clean_line(result.scenario.summary))
        yield Text(_read(result), style=QUIET)
    if words := environment_words(result):
        yield Text(words, style=QUIET)
    if result.scenario.value.holds:
        yield Text(f"the file holds {clean_line(result.scenario.value.holds)}", style=QUIET)
    for number, block in enumerate(_blocks(result, report.run.options, width)):
        if number or result.scenario.read.tier:
            yield Text()
        yield block


def _blocks(result: Result, options: RunOptions, width: int) -> Iterable[RenderableType]:
    """The parts of a scenario for which there is something to show, in the order in which they are read."""
    if result.verdict == "unmeasured":
        yield _unmeasured(result)
    if leading := _findings(result, leads=True):
        yield leading
    if result.stages:
        if result.read > 1:
            yield Text("of the second read, which takes more than the first:", style=HEADING)
        yield Group(stage_table(result, width), *_verbatim_sources(result), *_parts_of_lines(result))
    if result.metrics:
        yield figure_lines(result, options, width)
        yield budget_lines(result, options, width)
    if result.notes:
        yield Group(*(labelled("note", clean_line(note)) for note in result.notes))
    if others := _findings(result, leads=False):
        yield others


def _findings(result: Result, *, leads: bool) -> Group | None:
    """Those that a reader should know before any figure, or the others."""
    chosen = [finding for finding in result.findings if finding.leads == leads]
    return Group(*(labelled(finding.code, _sentence(finding)) for finding in chosen)) if chosen else None


def _read(result: Result) -> str:
    read, payload = result.scenario.read, result.payload
    words = f"tier {clean_line(read.tier)}, route {clean_line(read.route)}"
    if payload is None:
        return words
    size = f"{words}; payload {format_bytes(payload.logical_bytes)}"
    if not payload.frame_bytes:
        return f"{size}, no frame"
    return f"{size}, frame {format_bytes(payload.frame_bytes, payload.logical_bytes)}"


def _unmeasured(result: Result) -> Group:
    reason = Text(clean(why_unmeasured(result)).strip("\n"), overflow="fold")
    return Group(Text("could not be measured:", style=WARNING), indented(reason))


def _verbatim_sources(result: Result) -> Iterable[RenderableType]:
    """The source line of each byte-for-byte copy: what could go."""
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold", style=SOURCE)
    for site in (site for stage in result.stages for site in stage.sites):
        if site.kind in _AVOIDABLE and noticeable(in_payloads(site.copies_bytes, result.payload)):
            source = Text(clean(site.source).strip() or "(no source text)")
            lines.add_row(Text(site_location(site) + _AVOIDABLE[site.kind]), source)
    if lines.row_count:
        yield from (Text(), Text("verbatim copies:"), indented(lines))


def _parts_of_lines(result: Result) -> Iterable[RenderableType]:
    """What the native code below a line allocated, where that is more than one buffer."""
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True, justify="right")
    lines.add_column(overflow="fold")
    for site in (site for stage in result.stages for site in stage.sites):
        where = site_location(site)
        for part in site.parts:
            copies = in_payloads(part.copies_bytes, result.payload)
            if noticeable(copies):
                blocks = f" ({part.blocks} blocks)" if part.blocks > 1 else ""
                lines.add_row(Text(where), format_payloads(copies), Text(clean_line(part.native) + blocks))
                where = ""
    if lines.row_count:
        yield from (Text(), Text("one line, several buffers:"), indented(lines))


def _sentence(finding: Finding) -> str:
    if finding.place is None or not finding.place.file:
        return finding.message
    where = location(finding.place)
    return finding.message if where in finding.message else f"{finding.message} ({where})"


def _closing(report: Report) -> Iterable[RenderableType]:
    as_they_are = [result for result in report.results if result.scenario.variant is None]
    if len(as_they_are) > 1:
        yield summary_table(report)
        yield Text()
    if len(as_they_are) < len(report.results):
        example = min((clean_line(result.scenario.name) for result in report.results), key=len)
        yield Text(f"one in full: cachekit-memprobe report FOLDER {example}", style=QUIET, overflow="fold")
    if any(result.findings for result in as_they_are):
        yield Text("what a finding means: cachekit-memprobe explain CODE", style=QUIET, overflow="fold")
    if report.run_folder:
        yield Text(f"run folder: {pasted(report.run_folder)}", style=QUIET, overflow="fold")
    if words := not_judged_line(report):
        yield Text(words, style=WARNING, overflow="fold")
    yield verdict_line(report)
