"""A report for an issue or a pull request: Markdown as GitHub renders it, and short enough for it."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from cachekit_memprobe.report.view import AS_DEPLOYED, as_deployed_words
from cachekit_memprobe.report.words import (
    HEADLINE_METRICS,
    BudgetRow,
    Column,
    Said,
    ScenarioWords,
    Section,
    TextTable,
    command_words,
    main_point,
    matrix_sections,
    not_judged_line,
    scaling_meaning,
    scaling_sections,
    scenario_words,
    summary_rows,
    target_words,
    verdict_line,
    workers_section,
)
from cachekit_memprobe.report.words.budget import NO_BUDGET
from cachekit_memprobe.result import Report, Verdict

LONGEST = 65_000
"""Characters. GitHub takes 65,536 for an issue or a comment."""

_SPECIAL = re.compile(r"[\\`*_\[\]|~<>&]|^[-+#=]|(?<=^\d)\.(?=\s)")
_LINKED = re.compile(r"@|(?<=:)//|#(?=\d)|(?<=www)\.", re.IGNORECASE)
"""What GitHub makes a mention, a link or a reference of."""
_MARKS: dict[Verdict, str] = {"pass": "✅", "fail": "❌", "unmeasured": "⚠️", "not_applicable": "⏭️"}
_FIRST_TO_STAY: Sequence[Verdict] = ("fail", "unmeasured", "pass", "not_applicable")
_STAGES = ("stage", "where", "copies", "kind", "survived", "traced")
_BUDGET = ("metric", "limit", "observed", "excess", "status", "where to look")


def render_markdown(report: Report, *, longest: int = LONGEST) -> str:
    """The whole report; details that don't fit into ``longest`` characters are left out, which is said."""
    beginning, ending = [*_beginning(report), *_sweep(report)], [*_ending(report)]
    room = longest - sum(len(part) + 2 for part in (*beginning, *ending)) - 200
    words = [scenario_words(result, report) for result in report.results]
    details = {one.name: "\n\n".join(_details(one)) for one in words}
    kept = set()
    for one in sorted(words, key=lambda one: _FIRST_TO_STAY.index(one.verdict)):
        if len(details[one.name]) + 2 <= room:
            kept.add(one.name)
            room -= len(details[one.name]) + 2
    shown = [details[one.name] for one in words if one.name in kept]
    if left_out := len(words) - len(kept):
        shown.append(
            f"The details of {left_out} scenario{'s' * (left_out > 1)} were left out for want of room."
        )
    return "\n\n".join((*beginning, *shown, *ending)) + "\n"


def text(words: str) -> str:
    """Words as they are: nothing in them is Markdown, HTML, a mention or a link."""
    return _LINKED.sub(lambda found: f"\u200b{found.group()}\u200b", _SPECIAL.sub(r"\\\g<0>", words))


def _beginning(report: Report) -> Iterator[str]:
    yield f"### {text(verdict_line(report))}"
    if point := main_point(report):
        yield f"**{text(point)}**"
    yield text(", ".join(target_words(report)))
    if report.run.options.as_deployed:
        yield f"RSS {text(as_deployed_words(report.run.options))}"
    rows = [
        (row.name, f"{_MARKS[row.verdict]} {row.verdict_word}", *row.figures) for row in summary_rows(report)
    ]
    if rows:
        figures = [Column(metric, is_figure=True) for metric in HEADLINE_METRICS]
        yield _table(TextTable((Column("scenario"), Column("verdict"), *figures), tuple(rows)))
    if report.run.options.as_deployed:
        yield f"rss\\.peak {text(AS_DEPLOYED)}"
    if words := not_judged_line(report):
        yield text(words)


def _sweep(report: Report) -> Iterator[str]:
    for section in (*matrix_sections(report), *scaling_sections(report)):
        yield from _section(section)
    if meaning := scaling_meaning(report):
        yield _list(meaning)
    if section_of_workers := workers_section(report):
        yield from _section(section_of_workers)


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"#### {text(section.name)}: {text(section.title)}"
    yield from map(_table, section.tables)
    if section.remarks:
        yield _list(section.remarks)


def _details(words: ScenarioWords) -> Iterator[str]:
    summary = f"{_MARKS[words.verdict]} {_html(words.name)}: {words.verdict_word}"
    yield f"<details><summary>{summary}</summary>"
    yield from _inside(words)
    yield "</details>"


def _inside(words: ScenarioWords) -> Iterator[str]:
    if words.summary:
        yield text(words.summary) + "  \n" + "  \n".join(map(text, words.details))
    if words.reason:
        yield _fenced(words.reason)
    if words.leading:
        yield _findings(words.leading)
    if words.chart:
        yield _fenced("\n".join(words.chart.lines))
        yield f"The heap: {text(words.chart.key)}."
    if words.total:
        if words.which_read:
            yield f"Of {text(words.which_read)}:"
        yield _stages(words)
    if words.verbatim:
        yield _fenced("\n".join(f"{copy.where}  {copy.source}" for copy in words.verbatim))
    if words.parts:
        rows = tuple((part.where, part.copies, part.native) for part in words.parts)
        columns = (Column("one line, several buffers"), Column("copies", is_figure=True), Column("made by"))
        yield _table(TextTable(columns, rows))
    if words.has_figures:
        yield _list(f"{line.label}: {' '.join(line.phrases)}" for line in words.figures)
        yield _budget(words.budgets)
    if words.notes:
        yield _list(f"note: {note}" for note in words.notes)
    if words.findings:
        yield _findings(words.findings)


def _stages(words: ScenarioWords) -> str:
    assert words.total is not None
    columns = tuple(Column(name, is_figure=name in ("copies", "survived", "traced")) for name in _STAGES)
    rows = tuple(
        (row.stage, row.where, row.copies, row.kind, row.survived, row.traced)
        for row in (*words.stages, words.total)
    )
    return _table(TextTable(columns, rows))


def _budget(rows: Sequence[BudgetRow]) -> str:
    if not rows:
        return text(NO_BUDGET)
    columns = tuple(Column(name, is_figure=name in ("limit", "observed", "excess")) for name in _BUDGET)
    cells = tuple(
        (row.metric, row.limit, row.observed, row.excess, row.words, "; ".join(row.remarks)) for row in rows
    )
    return _table(TextTable(columns, cells))


def _findings(findings: Iterable[Said]) -> str:
    return "\n".join(f"- `{finding.code}` {text(finding.sentence)}" for finding in findings)


def _ending(report: Report) -> Iterator[str]:
    yield "To measure it again:"
    yield _fenced("\n".join((command_words(report), *(f"# {words}" for words in target_words(report)))), "sh")


def _table(table: TextTable) -> str:
    lines = [
        _row(column.name.replace("\n", " ") for column in table.columns),
        _line("---:" if column.is_figure else "---" for column in table.columns),
        *map(_row, table.rows),
    ]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return _line(text(cell) for cell in cells)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {text(sentence)}" for sentence in sentences)


def _fenced(block: str, language: str = "") -> str:
    """A block of code, in a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{block}\n{fence}"


def _html(words: str) -> str:
    return html.escape(words)
