"""Which of a scenario's metrics tell its history, and which only say the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cachekit_memprobe.history import ScenarioHistory, Step
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.report.view import noticeable
from cachekit_memprobe.report.words import HEADLINE_METRICS

_ALIKE, _ALIKE_SHARE = 0.05, 0.01
"""Payloads, and the part of the larger figure, by which two curves may differ and still say the same."""

_CAUSES = "copies."


@dataclass(frozen=True)
class Curve:
    """A metric along the axis.

    Attributes:
        likewise: other metrics whose curves are the same.
    """

    metric: str
    figures: tuple[float | None, ...]
    steps: tuple[Step, ...]
    likewise: tuple[str, ...] = ()

    @property
    def moved(self) -> float:
        """By how much it went up and down, in payloads."""
        return sum(abs(step.change) for step in self.steps)


def curves_of(history: ScenarioHistory) -> tuple[Curve, ...]:
    """The most telling first: the headlines and whatever has steps, each curve once."""
    grouped: list[Curve] = []
    for curve in sorted(_told(history), key=_rank):
        same = next((one for one in grouped if _are_alike(one.figures, curve.figures)), None)
        if same is None:
            grouped.append(curve)
        else:
            likewise = (*same.likewise, curve.metric)
            grouped[grouped.index(same)] = Curve(same.metric, same.figures, same.steps, likewise)
    return tuple(sorted(grouped, key=lambda one: (_is_aside(one), -one.moved)))


def _told(history: ScenarioHistory) -> Iterator[Curve]:
    for metric in NAMES:
        figures = history.series(metric)
        steps = tuple(step for step in history.steps if step.metric == metric)
        is_seen = any(noticeable(step.change) for step in steps)
        if any(one is not None for one in figures) and (is_seen or metric in HEADLINE_METRICS):
            yield Curve(metric, figures, steps)


def _is_aside(curve: Curve) -> bool:
    """Whether it is neither of a whole read nor what a stage does, but what follows from those."""
    return curve.metric not in HEADLINE_METRICS and not curve.metric.startswith(_CAUSES)


def _rank(curve: Curve) -> tuple[bool, bool, float]:
    """Of curves that are alike the headline stands for all, or else what a stage copies."""
    return curve.metric not in HEADLINE_METRICS, _is_aside(curve), -curve.moved


def _are_alike(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    return all(_is_alike(*figures) for figures in zip(one, other, strict=True))


def _is_alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= max(_ALIKE, _ALIKE_SHARE * max(abs(one), abs(other)))
