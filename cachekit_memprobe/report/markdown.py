"""A report for an issue or a pull request: Markdown as GitHub renders it, and short enough for it."""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cachekit_memprobe.fingerprint import fingerprint_of
from cachekit_memprobe.report.fitting import Part, fitting, some_of
from cachekit_memprobe.report.gfm import LONGEST, bullets, cell, fenced, head, line, table, text
from cachekit_memprobe.report.view import AS_DEPLOYED, as_deployed_words
from cachekit_memprobe.report.words import (
    HEADLINE_METRICS,
    BudgetRow,
    Column,
    Condensed,
    Quotation,
    Said,
    ScenarioWords,
    Section,
    TextTable,
    command_words,
    condensed,
    main_point,
    matrix_sections,
    not_judged_line,
    scaling_meaning,
    scaling_sections,
    summary_rows,
    target_words,
    verdict_line,
    workers_section,
)
from cachekit_memprobe.report.words.budget import NO_BUDGET, explained_once
from cachekit_memprobe.result import Report, Result, Verdict

_CODE = re.compile(r"[\w.@=,%+/:-]+")
_LONGEST_PHRASE = 1_000
_ROOM_TO_SAY_SO = 300
_OF_IT_FOR_NAMES = 40
"""The names of the scenarios that are left out take at most this part of the report."""
_MARKS: dict[Verdict, str] = {"pass": "✅", "fail": "❌", "unmeasured": "⚠️", "not_applicable": "⏭️"}
_FIRST_TO_STAY: Sequence[Verdict] = ("fail", "unmeasured", "pass", "not_applicable")
_STAGES = ("stage", "where", "copies", "kind", "survived", "traced")
_BUDGET = ("metric", "limit", "observed", "excess", "status", "where to look")


def render_markdown(report: Report, *, longest: int = LONGEST) -> str:
    """The whole report; what doesn't fit into ``longest`` characters is left out, which is said.

    Before that, what several scenarios have in common is said once, and what is as it should be in short.
    """
    room = longest - _ROOM_TO_SAY_SO - longest // _OF_IT_FOR_NAMES
    parts = _parts(report, condensed(report.results, report, {}, complete=True), longest)
    if len(fitting(parts, room)) < len(parts):
        parts = _parts(report, condensed(report.results, report, {}), longest)
    kept = fitting(parts, room)
    shown = [part.text for number, part in enumerate(parts) if number in kept]
    missing = [part for number, part in enumerate(parts) if number not in kept]
    if missing:
        shown.insert(-1, _left_out(missing, longest // _OF_IT_FOR_NAMES))
    return "\n\n".join(shown) + "\n"


def _parts(report: Report, several: Condensed, longest: int) -> list[Part]:
    return [
        *(Part(paragraph) for paragraph in _beginning(report, longest // 3)),
        *(Part(words, (2, 0.0), "table") for words in _sweep(report)),
        *(Part(words, (2, 1.0)) for words in _common(several)),
        *map(_details_part, several.scenarios, report.results),
        Part(_ending(report), (1, 0.0)),
    ]


def _common(several: Condensed) -> Iterator[str]:
    """What several scenarios have in common, each with the words of one of them."""
    if several.shared:
        lines = [
            f"- `{row.code}` {_name(row.names[0])}: {text(row.sentence)} ({len(row.names)} scenarios)"
            for row in several.shared
        ]
        yield "\n".join(("What several scenarios have in common, in the words of one of them:\n", *lines))
    if several.sources:
        yield _quoted(several.sources)


def _details_part(words: ScenarioWords, result: Result) -> Part:
    """What is worst stays: what is furthest over a limit; then what wasn't measured; then the rest."""
    excess = max((limit.excess for limit in result.budgets), default=0.0)
    rank = (3 + _FIRST_TO_STAY.index(words.verdict), -excess)
    return Part("\n\n".join(_details(words)), rank, "scenario", words.name)


def _left_out(missing: Sequence[Part], room: int) -> str:
    """How much is missing, and of which scenarios."""
    names = [_name(part.name) for part in missing if part.name]
    tables = sum(part.kind == "table" for part in missing)
    counts = {"the details of {} scenario": len(names), "{} table": tables}
    what = [f"{words.format(count)}{'s' * (count > 1)}" for words, count in counts.items() if count]
    told = some_of(names, room)
    which = f" Without details: {told}." if told else ""
    all_of_it = " and ".join(what or ["what is too long"])
    return f"Left out for want of room: {all_of_it}. The HTML report has them all (`--html FILE`).{which}"


def _beginning(report: Report, room: int) -> Iterator[str]:
    """Room is for the table of all scenarios."""
    yield f"### {text(verdict_line(report))}"
    if point := main_point(report):
        yield f"**{text(_shortened(point))}**"
    yield text(", ".join(target_words(report)))
    if report.run.options.as_deployed:
        yield f"RSS {text(as_deployed_words(report.run.options))}"
    if report.results:
        yield from _summary(report, room)
    if report.run.options.as_deployed:
        yield f"rss\\.peak {text(AS_DEPLOYED)}"
    if words := not_judged_line(report):
        yield text(_shortened(words))


def _summary(report: Report, room: int) -> Iterator[str]:
    """All scenarios in a table, or those that need a look and as many of the others as there is room."""
    figures = [Column(metric, is_figure=True) for metric in HEADLINE_METRICS]
    columns, rows = (Column("scenario"), Column("verdict"), *figures), summary_rows(report)
    lines = [
        line([_name(row.name), f"{_MARKS[row.verdict]} {row.verdict_word}", *map(cell, row.figures)])
        for row in rows
    ]
    kept: set[int] = set()
    for number in sorted(range(len(rows)), key=lambda number: _FIRST_TO_STAY.index(rows[number].verdict)):
        if len(lines[number]) < room:
            kept.add(number)
            room -= len(lines[number]) + 1
    yield "\n".join([*head(columns), *(row for number, row in enumerate(lines) if number in kept)])
    if absent := Counter(row.verdict_word for number, row in enumerate(rows) if number not in kept):
        counts = ", ".join(f"{count} {word}" for word, count in absent.items())
        yield f"Scenarios that are not in the table, for want of room: {counts}."


def _sweep(report: Report) -> Iterator[str]:
    for section in (*matrix_sections(report), *scaling_sections(report)):
        yield from _section(section)
    if meaning := scaling_meaning(report):
        yield bullets(meaning)
    if section_of_workers := workers_section(report):
        yield from _section(section_of_workers)


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"#### {text(section.name)}: {text(section.title)}"
    yield from map(_table, section.tables)
    if section.remarks:
        yield bullets(section.remarks)


def _details(words: ScenarioWords) -> Iterator[str]:
    # Within code, GitHub makes no mention of an @.
    name = f"<code>{html.escape(words.name)}</code>"
    yield f"<details><summary>{_MARKS[words.verdict]} {name}: {words.verdict_word}</summary>"
    yield from _inside(words)
    yield "</details>"


def _inside(words: ScenarioWords) -> Iterator[str]:
    if words.summary:
        yield text(words.summary) + "  \n" + "  \n".join(map(text, words.details))
    if words.reason:
        yield fenced(words.reason)
    if words.leading:
        yield _findings(words.leading)
    if words.chart:
        yield fenced("\n".join(words.chart.lines))
        yield f"The heap: {text(words.chart.key)}."
    if words.total:
        if words.which_read:
            yield f"Of {text(words.which_read)}:"
        yield _stages(words)
        if idle := words.idle or [row.stage for row in words.stages if row.is_empty]:
            yield text(f"Nothing in {', '.join(idle)}.")
    if words.verbatim:
        yield _quoted(words.verbatim)
    if words.parts:
        rows = tuple((part.where, part.copies, part.native) for part in words.parts)
        columns = (Column("one line, several buffers"), Column("copies", is_figure=True), Column("made by"))
        yield _table(TextTable(columns, rows))
    if words.has_figures:
        yield bullets(f"{line.label}: {' '.join(line.phrases)}" for line in words.figures)
        yield from _budget(words.budgets, words.within)
    if words.notes:
        yield bullets(f"note: {note}" for note in words.notes)
    if words.findings:
        yield _findings(words.findings)
    if words.below:
        yield f"As several scenarios: {', '.join(f'`{code}`' for code in words.below)}, see above."


def _stages(words: ScenarioWords) -> str:
    assert words.total is not None
    columns = tuple(Column(name, is_figure=name in ("copies", "survived", "traced")) for name in _STAGES)
    rows = tuple(
        (row.stage, row.where, row.copies, row.kind, row.survived, row.traced)
        for row in (*words.stages, words.total)
        if not row.is_empty or row is words.total
    )
    return _table(TextTable(columns, rows))


def _budget(rows: Sequence[BudgetRow], within: Sequence[str]) -> Iterator[str]:
    """A row for each limit that isn't kept to, and those that are in a line."""
    if not rows and not within:
        yield text(NO_BUDGET)
    if missed := explained_once(row for row in rows if not row.is_kept):
        yield _limits(missed)
    if kept := within or [f"{row.metric} {row.observed} of {row.limit}" for row in rows if row.is_kept]:
        yield text(f"Within: {', '.join(kept)}.")


def _limits(rows: Sequence[BudgetRow]) -> str:
    columns = tuple(Column(name, is_figure=name in ("limit", "observed", "excess")) for name in _BUDGET)
    cells = tuple(
        (row.metric, row.limit, row.observed, row.excess, row.words, "; ".join(row.remarks)) for row in rows
    )
    return _table(TextTable(columns, cells))


def _quoted(copies: Iterable[Quotation]) -> str:
    return fenced("\n".join(f"{copy.where}  {copy.source}" for copy in copies))


def _findings(findings: Iterable[Said]) -> str:
    return "\n".join(f"- `{finding.code}` {text(finding.sentence)}" for finding in findings)


def _ending(report: Report) -> str:
    fingerprint = f"fingerprint of the environment {fingerprint_of(report.run).digest}"
    remarks = (*target_words(report), fingerprint)
    block = fenced("\n".join((command_words(report), *(f"# {words}" for words in remarks))), "sh")
    return f"To measure it again:\n\n{block}"


def _table(found: TextTable) -> str:
    return table(found.columns, found.rows)


def _name(words: str) -> str:
    """A name as code where that needs no escapes: it can be copied, and an @ in it is no mention."""
    return f"`{words}`" if _CODE.fullmatch(words) else text(words)


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST_PHRASE else f"{words[: _LONGEST_PHRASE - 1]}…"
