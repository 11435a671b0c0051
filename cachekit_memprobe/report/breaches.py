"""A check for a terminal or a log: what is over its limit, a block each, and the verdict."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.child.printable import pasted
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.layout import OneLine, Trimmed, filled
from cachekit_memprobe.report.styles import HEADING, OVER, QUIET, VERDICT_STYLES, WARNING
from cachekit_memprobe.report.view import outcome, why_unmeasured
from cachekit_memprobe.report.words import modified_lines, not_judged_line, target_words, verdict_line
from cachekit_memprobe.report.words.breaches import Breach, breaches
from cachekit_memprobe.report.words.figures import listed
from cachekit_memprobe.result import Report, Result


def render_check(report: Report, *, width: int, notes: Sequence[str] = ()) -> Trimmed:
    """What a check has come to, to be printed on a console of ``width`` columns.

    Args:
        notes: what else is to be said of it, a sentence each.
    """
    name, *others = target_words(report)
    parts: list[RenderableType] = [Text(filled(listed([name, *others]), width))]
    parts.extend(Text(line, style=WARNING) for line in (*modified_lines(report), *notes))
    for result in report.results:
        if result.verdict == "unmeasured":
            parts.extend((Text(), *_unmeasured(result)))
    found = breaches(report)
    for breach in found:
        parts.extend((Text(), *_breach(breach)))
    return Trimmed(*parts, Text(), *_closing(report, found))


def _unmeasured(result: Result) -> Iterable[RenderableType]:
    title = Text(f"{clean_line(result.scenario.name)}: could not be measured", style=WARNING)
    yield Rule(title, align="left", style=QUIET)
    yield Text(why_unmeasured(result), overflow="fold")


def _breach(breach: Breach) -> Iterable[RenderableType]:
    style = OVER if breach.level == "error" else WARNING
    yield Rule(Text(breach.title, style=style), align="left", style=QUIET)
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True, style=HEADING)
    rows.add_column(overflow="fold")
    for name, lines in _rows(breach):
        rows.add_row(name, Text("\n".join(lines)))
    yield rows


def _rows(breach: Breach) -> Iterable[tuple[str, Sequence[str]]]:
    yield "expected", (breach.expected,)
    yield "found", (breach.found,)
    yield "exceeded by", (breach.excess,)
    if breach.where:
        yield "where", breach.where
    yield "set in", breach.set_in
    if breach.message:
        yield "message", (breach.message,)


def _closing(report: Report, found: Sequence[Breach]) -> Iterable[RenderableType]:
    yield Rule(Text("check"), align="left", style=QUIET)
    folder = pasted(report.run_folder) if report.run_folder else "FOLDER"
    over = [*dict.fromkeys(breach.scenario for breach in found)]
    if over:
        yield OneLine(f"stage by stage: cachekit-memprobe report {folder} {pasted(over[0])}", QUIET)
    elif report.run_folder:
        yield OneLine(f"run folder: {folder}", QUIET)
    if words := not_judged_line(report):
        yield Text(words, style=WARNING, overflow="fold")
    yield Text(verdict_line(report), style=VERDICT_STYLES[outcome(report)])
