"""The report that a developer reads first: rich renderables for a terminal of a known width.

Text from outside goes into ``Text``, never into markup.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.child.printable import pasted
from cachekit_memprobe.report.budget_lines import budget_lines
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.layout import OneLine, Trimmed, filled, indented, labelled
from cachekit_memprobe.report.sections import matrix, sizes, workers
from cachekit_memprobe.report.stage_table import stage_table
from cachekit_memprobe.report.styles import HEADING, QUIET, SOURCE, VERDICT_STYLES, WARNING
from cachekit_memprobe.report.summary import summary_table
from cachekit_memprobe.report.view import as_deployed_words, outcome
from cachekit_memprobe.report.words import (
    Condensed,
    FigureLine,
    Quotation,
    Said,
    ScenarioWords,
    Shared,
    StageRow,
    condensed,
    in_full,
    modified_lines,
    not_judged_line,
    said_first,
    scenario_words,
    shared_words,
    target_words,
    verdict_line,
)
from cachekit_memprobe.report.words.figures import listed
from cachekit_memprobe.result import Report, Result

_LABEL_WIDTH = len("tracemalloc") + 2
_NO_TITLES: Mapping[str, str] = MappingProxyType({})


def render_report(
    report: Report,
    *,
    width: int,
    names: Collection[str] = (),
    full: bool = False,
    titles: Mapping[str, str] = _NO_TITLES,
) -> Trimmed:
    """The whole report, to be printed on a console of ``width`` columns.

    Args:
        names, full: which scenarios to show in full, see :func:`.words.in_full`.
        titles: what each code of a finding stands for, where it is said of several scenarios at once.
    """
    shown = in_full(report, names, full=full)
    others = [result for result in report.results if not any(result is one for one in shown)]
    parts = [*_header(report, width), *_sweep(report, others, width)]
    several = condensed(shown, report, titles, complete=full or bool(names))
    for words in several.scenarios:
        parts.extend((Text(), _title(words), *_scenario(words, width)))
    parts.extend(_common(several, width))
    if not names:
        as_they_are = [result for result in others if result.scenario.variant is None]
        heading = "the other scenarios" if shown else "all scenarios"
        parts.extend(_shared(shared_words(as_they_are, report, titles), width, heading))
    closing = _closing(report, shown if not several.is_complete else () if names else others)
    parts.extend((Text(), Rule(Text("run"), align="left", style=QUIET), *closing))
    return Trimmed(*parts)


def render_scenario(result: Result, report: Report, *, width: int) -> Trimmed:
    """One scenario of a report by itself, below what it was measured with."""
    words = scenario_words(result, report)
    return Trimmed(*_header(report, width), Text(), _title(words), *_scenario(words, width))


def _common(several: Condensed, width: int) -> Iterable[RenderableType]:
    """What several of the scenarios that have a part of their own have in common."""
    yield from _shared(several.shared, width, "several of these scenarios")
    if several.sources:
        yield from (Text(), *_quotations("verbatim copies:", several.sources))


def _shared(rows: Sequence[Shared], width: int, heading: str = "") -> Iterable[RenderableType]:
    """What holds for many scenarios, each once."""
    if rows:
        yield Text()
    if rows and heading:
        yield Rule(Text(heading), align="left", style=QUIET)
    for number, row in enumerate(rows):
        if number:
            yield Text()
        names, count = ", ".join(row.names), len(row.names)
        if count == 1 and not row.example and len(f"{row.code} {row.sentence}: {names}") <= width:
            yield _of_several(row, f"{row.sentence}: {names}")
            continue
        yield _of_several(row, row.sentence + (f" ({count} scenarios):" if count > 1 else ":"))
        below = [Text(words, style=QUIET, overflow="fold") for words in (names, row.example) if words]
        yield indented(Group(*below), len(row.code) + 1) if row.code else indented(Group(*below))


def _of_several(row: Shared, sentence: str) -> RenderableType:
    return labelled(row.code, sentence) if row.code else Text(sentence, overflow="fold")


def _sweep(report: Report, others: Sequence[Result], width: int) -> Iterable[RenderableType]:
    """The tables of a matrix, of several sizes and of several workers, where there are any.

    Args:
        others: the results without a part of their own, of which a table's figures may need a word before.
    """
    yield from _shared(said_first(result for result in others if result.scenario.variant), width)
    if report.run.sweep.axes and report.results:
        yield from (Text(), Rule(Text("matrix"), align="left", style=QUIET))
        yield from matrix(report, width)
    if report.scaling:
        yield from (Text(), Rule(Text("sizes"), align="left", style=QUIET))
        yield from sizes(report)
    if report.run.sweep.workers and report.results:
        yield from (Text(), Rule(Text(f"{report.run.sweep.workers} workers"), align="left", style=QUIET))
        yield from workers(report, width)


def _header(report: Report, width: int) -> Iterable[RenderableType]:
    name, *others = target_words(report)
    header = Text(filled(listed([name, *others]), width))
    header.stylize(HEADING, 0, len(name))
    yield header
    yield from (Text(line, style=WARNING) for line in modified_lines(report))
    if report.run.options.as_deployed:
        yield Text(f"RSS {as_deployed_words(report.run.options)}", style=WARNING)


def _title(words: ScenarioWords) -> Rule:
    verdict = (words.verdict_word, VERDICT_STYLES[words.verdict])
    return Rule(Text.assemble((f"{words.name}: ", HEADING), verdict), align="left", style=QUIET)


def _scenario(words: ScenarioWords, width: int) -> Iterable[RenderableType]:
    if words.verdict == "not_applicable":
        yield Text(words.reason)
        return
    if words.summary:
        yield Text(words.summary)
    for line in words.details:
        yield Text(line, style=QUIET)
    for number, block in enumerate(_blocks(words, width)):
        if number or words.summary:
            yield Text()
        yield block


def _blocks(words: ScenarioWords, width: int) -> Iterable[RenderableType]:
    """The parts of a scenario for which there is something to show, in the order in which they are read."""
    if words.verdict == "unmeasured":
        reason = Text(words.reason, overflow="fold")
        yield Group(Text("could not be measured:", style=WARNING), indented(reason))
    if words.leading:
        yield Group(*_findings(words.leading))
    if words.total:
        if words.which_read:
            yield Text(f"of {words.which_read}:", style=HEADING)
        yield Group(*_stages(words, words.total, width))
    if words.figures:
        yield _figures(words.figures, width)
    if words.has_figures:
        yield budget_lines(words.budgets, words.within, width)
    if words.notes:
        yield Group(*(labelled("note", note) for note in words.notes))
    if words.findings or words.below:
        yield Group(*_findings(words.findings), *_said_below(words.below))


def _findings(findings: Iterable[Said]) -> Iterable[RenderableType]:
    return (labelled(finding.code, finding.sentence) for finding in findings)


def _said_below(codes: Sequence[str]) -> Iterable[RenderableType]:
    if codes:
        yield Text(f"see below: {', '.join(codes)}, which others have too", style=QUIET)


def _stages(words: ScenarioWords, total: StageRow, width: int) -> Iterable[RenderableType]:
    """The table, and what is to be said of its lines."""
    yield stage_table(words.stages, total, width)
    if words.idle:
        yield Text(f"nothing in {', '.join(words.idle)}", style=QUIET)
    if words.verbatim:
        yield from (Text(), *_quotations("verbatim copies:", words.verbatim))
    yield from _parts_of_lines(words)


def _figures(lines: Sequence[FigureLine], width: int) -> Table:
    """One row an instrument that was used, broken between figures only."""
    grid = Table.grid()
    grid.add_column(no_wrap=True, style=HEADING, width=_LABEL_WIDTH)
    grid.add_column(overflow="fold")
    for line in lines:
        grid.add_row(line.label, Text(filled(line.phrases, width - _LABEL_WIDTH)))
    return grid


def _quotations(heading: str, copies: Iterable[Quotation]) -> Iterable[RenderableType]:
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold", style=SOURCE)
    for copy in copies:
        lines.add_row(Text(copy.where), Text(copy.source))
    yield from (Text(heading), indented(lines))


def _parts_of_lines(words: ScenarioWords) -> Iterable[RenderableType]:
    """What the native code below a line allocated, where that is more than one buffer."""
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True, justify="right")
    lines.add_column(overflow="fold")
    for part in words.parts:
        lines.add_row(Text(part.where), part.copies, Text(part.native))
    if lines.row_count:
        yield from (Text(), Text("one line, several buffers:"), indented(lines))


def _closing(report: Report, more: Sequence[Result]) -> Iterable[RenderableType]:
    """The run as a whole, and how to see more of those of which there is more."""
    as_they_are = [result for result in report.results if result.scenario.variant is None]
    if len(as_they_are) > 1:
        yield summary_table(report)
        yield Text()
    if more:
        yield from (OneLine(line, QUIET) for line in _more(report, more))
    if any(result.findings for result in as_they_are):
        yield Text("what a finding means: cachekit-memprobe explain CODE", style=QUIET, overflow="fold")
    if report.run_folder:
        yield OneLine(f"run folder: {pasted(report.run_folder)}", QUIET)
    if words := not_judged_line(report):
        yield Text(words, style=WARNING, overflow="fold")
    yield Text(verdict_line(report), style=VERDICT_STYLES[outcome(report)])


def _more(report: Report, others: Sequence[Result]) -> Iterable[str]:
    """How to see all of those that aren't shown in full."""
    folder = pasted(report.run_folder) if report.run_folder else "FOLDER"
    telling = [result for result in others if result.metrics] or others
    example = min((clean_line(result.scenario.name) for result in telling), key=len)
    yield f"one in full: cachekit-memprobe report {folder} {pasted(example)}"
    yield "all of them: --full in place of the name"
