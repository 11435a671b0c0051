"""The resident set, read by read, as a table."""

from cachekit_memprobe.child.seen import ReadFigures
from cachekit_memprobe.model import Payload
from cachekit_memprobe.report.view import in_payloads
from cachekit_memprobe.report.words.tables import Column, TextTable
from cachekit_memprobe.result import Result
from cachekit_memprobe.units import format_bytes, format_payloads

_IF_ANY = ("file-backed", "shared")
"""Columns that are left out where there is nothing in them."""


def resident_table(result: Result) -> TextTable | None:
    """A row a read of the process whose peak counts; ``None`` when the rss instrument wasn't run."""
    if not result.resident or result.payload is None:
        return None
    rows = [_row(number, read, result.payload) for number, read in enumerate(result.resident, 1)]
    nothing = ("-", format_payloads(0))
    names = [name for name in rows[0] if name not in _IF_ANY or any(row[name] not in nothing for row in rows)]
    return TextTable(
        tuple(Column(name, is_figure=True) for name in names),
        tuple(tuple(row[name] for name in names) for row in rows),
    )


def _row(number: int, read: ReadFigures, payload: Payload) -> dict[str, str]:
    sizes = {
        "peak": read.peak_bytes,
        "anonymous": read.anon_bytes,
        "file-backed": read.file_bytes,
        "shared": read.shared_bytes,
        "settled": read.settled_bytes,
    }
    before = format_bytes(read.baseline_bytes, payload.logical_bytes)
    course = read.course
    time = {"time": f"{(course[-1].elapsed_us - course[0].elapsed_us) / 1000:.0f} ms"} if course else {}
    return {
        "read": f"{number}",
        **time,
        "before": before,
        **{
            name: "-" if size is None else format_payloads(in_payloads(size, payload))
            for name, size in sizes.items()
        },
    }
