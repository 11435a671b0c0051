"""Small layout helpers: text that wraps without breaking a figure, and lines without trailing blanks."""

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from cachekit_memprobe.report.clean import clean_line

_INDENT = 4


class Trimmed:
    """Another renderable without the blanks that rich pads its lines with: it will be pasted into issues."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self._renderable, options, pad=False):
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
