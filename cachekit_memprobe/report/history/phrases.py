"""What a history says of a step in a few words; all from outside is cleaned, and nothing is escaped."""

from collections.abc import Sequence

from cachekit_memprobe.history import Point, Step, StepLine
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import location
from cachekit_memprobe.units import format_payloads, signed


def step_label(step: Step, points: Sequence[Point]) -> str:
    """``0.10.0: 1.00x -> 0.00x, wrapper.py:126``: where, from what to what, and the line."""
    words = f"{clean_line(points[step.new].label)}: {from_to(step)}"
    line = step.lines[0] if step.lines else None
    return f"{words}, {location(line.place).rpartition('/')[2]}" if line and line.place.file else words


def shortened(words: str, most: int) -> str:
    """Its first characters, for a place that has no more room."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def from_to(step: Step) -> str:
    """``1.00x -> 0.00x``."""
    return f"{format_payloads(step.before)} -> {format_payloads(step.after)}"


def line_label(line: StepLine) -> str:
    """``gone: unwrap serializers/wrapper.py:126, -1.00x``."""
    where = location(line.place) if line.place.file else clean_line(line.place.function) or "unknown"
    return f"{line.kind}: {clean_line(line.place.stage)} {where}, {signed(format_payloads(line.change))}"
