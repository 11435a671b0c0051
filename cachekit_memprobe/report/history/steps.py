"""The steps of a scenario in words: the point, the metrics, and the lines that did it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cachekit_memprobe.child.stages import STAGES
from cachekit_memprobe.history import History, ScenarioHistory, Step, StepLine
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import location, noticeable
from cachekit_memprobe.units import format_payloads, signed

_OF_STAGES = "copies"
"""The kind of metric whose steps name stages; those of other kinds follow from it."""

_MOST_LINES = 6


@dataclass(frozen=True)
class StepWords:
    """The steps that lead to one point.

    Attributes:
        label: of the point.
        figures: ``copies.unwrap 3.39x -> 1.00x``, those of stages first.
        lines: what did it, each with its sign, its size, its place and its text.
        follows: what follows from it for whole reads, in one line; may be empty.
    """

    label: str
    direction: int
    figures: tuple[str, ...]
    lines: tuple["LineWords", ...]
    follows: str


@dataclass(frozen=True)
class LineWords:
    """A line of code with a part in a step: ``-1.00x unwrap serializers/wrapper.py:126`` and its text."""

    sign: str
    words: str
    source: str


def step_words(scenario: ScenarioHistory, history: History, metrics: Sequence[str]) -> Iterator[StepWords]:
    """The points to which steps lead that a reader sees; ``metrics`` are those of the table."""
    for number, point in enumerate(history.points):
        steps = [step for step in scenario.steps_at(number) if noticeable(step.change)]
        told = [step for step in steps if _is_of_stage(step) or step.metric in metrics]
        if not told:
            continue
        causes = [step for step in told if _is_of_stage(step)] or told
        follows = [step for step in told if step not in causes]
        directions = {step.change > 0 for step in follows or causes}
        yield StepWords(
            label=clean_line(point.label),
            direction=0 if len(directions) > 1 else 1 if directions == {True} else -1,
            figures=tuple(map(_figure, causes)),
            lines=tuple(_lines(causes)),
            follows=", ".join(map(_figure, follows)),
        )


def _is_of_stage(step: Step) -> bool:
    kind, _, stage = step.metric.rpartition(".")
    return kind == _OF_STAGES and stage in STAGES


def _figure(step: Step) -> str:
    words = f"{step.metric} {format_payloads(step.before)} -> {format_payloads(step.after)}"
    return f"{words}, slowly" if step.is_drift else words


def _lines(steps: Iterable[Step]) -> Iterator[LineWords]:
    """Each once, of however many steps it is a part."""
    lines = list({(line.place, line.source): line for step in steps for line in step.lines}.values())
    lines.sort(key=lambda line: -abs(line.change))
    for line in lines[:_MOST_LINES]:
        yield _line(line)
    if (left := len(lines) - _MOST_LINES) > 0:
        yield LineWords("", f"and {left} more", "")


def _line(line: StepLine) -> LineWords:
    places = dict.fromkeys(location(place) for place in (line.base, line.new) if place)
    size = signed(format_payloads(line.change))
    return LineWords(
        sign="+" if line.change > 0 else "-",
        words=clean_line(f"{size} {line.place.stage} {' -> '.join(places)}"),
        source=clean_line(line.source),
    )
