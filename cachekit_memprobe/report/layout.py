"""Small layout helpers: text that wraps without breaking a figure, and lines without trailing blanks."""

import re
from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.report.clean import clean_line

_INDENT = 4


class OneLine:
    """A line that is pasted as it is, such as a command: however long, it has no line break in it."""

    def __init__(self, words: str, style: str = "") -> None:
        self._words, self._style = clean_line(words), style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self._words, console.get_style(self._style))
        yield Segment.line()


class Trimmed:
    """Other renderables without the blanks that rich pads its lines with: they will be pasted into issues.

    To be printed without cropping, where one of them is a :class:`OneLine`.
    """

    def __init__(self, *renderables: RenderableType) -> None:
        self._renderables = renderables

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for renderable in self._renderables:
            if isinstance(renderable, OneLine):
                yield renderable
                continue
            for line in console.render_lines(renderable, options, pad=False):
                yield from _without_trailing_blanks(line)
                yield Segment.line()


def filled(phrases: Sequence[str], width: int) -> str:
    """The phrases joined by blanks, with line breaks between them only, in lines of ``width`` columns."""
    lines: list[str] = []
    for phrase in phrases:
        if lines and len(lines[-1]) + 1 + len(phrase) <= width:
            lines[-1] += f" {phrase}"
        else:
            lines.append(phrase)
    return "\n".join(lines)


def folded(name: str, width: int) -> str:
    """A name of several parts on as many lines as it takes, broken behind a comma or an @ only."""
    lines = [""]
    for part in re.findall(r"[^,@]*[,@]|[^,@]+", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def bullets(sentences: Iterable[str]) -> list[RenderableType]:
    """Each sentence on lines of its own, indented behind a dash."""
    return [labelled("-", sentence) for sentence in sentences]


def labelled(label: str, sentence: str) -> Table:
    """A sentence on lines of its own, indented behind its label."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(clean_line(label)), Text(clean_line(sentence)))
    return grid


def indented(quotation: RenderableType, columns: int = _INDENT) -> Padding:
    """Source text, or a reason of several lines, set off from the report's own words."""
    return Padding(quotation, (0, 0, 0, columns))


def _without_trailing_blanks(line: list[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[-1] = Segment(kept[-1].text.rstrip(), kept[-1].style)
    return kept
