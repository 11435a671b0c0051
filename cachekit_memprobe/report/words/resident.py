"""The resident set, read by read, as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from cachekit_memprobe.child.seen import ReadFigures
from cachekit_memprobe.model import Payload
from cachekit_memprobe.report.view import in_payloads
from cachekit_memprobe.report.words.tables import Column, TextTable
from cachekit_memprobe.result import Result
from cachekit_memprobe.units import format_bytes, format_payloads

_IF_ANY = ("file-backed", "shared")
"""Columns that are left out where there is nothing in them."""


@dataclass(frozen=True)
class _Row:
    """A read; ``figures`` by their columns, and its time in ms if it was sampled."""

    number: int
    time_ms: int | None
    figures: tuple[tuple[str, str], ...]


def resident_table(result: Result) -> TextTable | None:
    """The reads of the process whose peak counts, those that show the same after each other in one row.

    ``None`` when the rss instrument wasn't run.
    """
    if not result.resident or result.payload is None:
        return None
    rows = [_row(number, read, result.payload) for number, read in enumerate(result.resident, 1)]
    nothing = ("-", format_payloads(0))
    any_of = {name for row in rows for name, words in row.figures if words not in nothing}
    names = [name for name, _ in rows[0].figures if name not in _IF_ANY or name in any_of]
    has_time = all(row.time_ms is not None for row in rows)
    columns = ("read", *(["time"] if has_time else []), *names)
    return TextTable(
        tuple(Column(name, is_figure=True) for name in columns),
        tuple(_in_words(rows, names, has_time=has_time)),
    )


def _in_words(rows: Sequence[_Row], names: Sequence[str], *, has_time: bool) -> Iterator[tuple[str, ...]]:
    for figures, run in groupby(rows, key=lambda row: row.figures):
        same = [*run]
        times = [row.time_ms or 0 for row in same]
        numbers = _span(same[0].number, same[-1].number)
        time = [f"{_span(min(times), max(times))} ms"] if has_time else []
        yield (numbers, *time, *(words for name, words in figures if name in names))


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def _row(number: int, read: ReadFigures, payload: Payload) -> _Row:
    sizes = {
        "peak": read.peak_bytes,
        "anonymous": read.anon_bytes,
        "file-backed": read.file_bytes,
        "shared": read.shared_bytes,
        "settled": read.settled_bytes,
    }
    course = read.course
    return _Row(
        number,
        round((course[-1].elapsed_us - course[0].elapsed_us) / 1000) if course else None,
        (
            ("before", format_bytes(read.baseline_bytes, payload.logical_bytes)),
            *(
                (name, "-" if size is None else format_payloads(in_payloads(size, payload)))
                for name, size in sizes.items()
            ),
        ),
    )
