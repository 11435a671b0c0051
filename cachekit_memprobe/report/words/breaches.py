"""Each limit that is exceeded, in words: what was expected, what was found, where to look, who has set it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cachekit_memprobe.model import Level, Payload
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import exceeded, metric_label
from cachekit_memprobe.report.words.budget import budget_rows
from cachekit_memprobe.result import BudgetResult, Report, Result
from cachekit_memprobe.units import format_bytes, format_payloads

OWN_LIMIT = "the scenario's own budget"
_SMALLEST = 0.005
"""Payloads below which a figure rounds to nothing."""


@dataclass(frozen=True)
class Breach:
    """One limit that is exceeded, for a reader.

    Attributes:
        limit: the figures, the place of the limit, and the lines that are suspected, as data.
        level: ``warn`` of a soft limit.
        expected, found, excess: ``at most 1.35x, 90.6 MiB``; ``2.00x, 134.2 MiB``; ``0.65x, 43.6 MiB``.
        where: stages and lines to look at, the first one first; or a sentence why none is known.
        set_in: ``pyproject.toml:14`` and its key, or whose the limit is.
        message: what the limit's author has to say; empty for nothing.
    """

    scenario: str
    metric: str
    label: str
    level: Level
    limit: BudgetResult
    expected: str
    found: str
    excess: str
    where: tuple[str, ...]
    set_in: tuple[str, ...]
    message: str

    @property
    def title(self) -> str:
        """``arrow-l1-hit: rss.peak is over its limit``."""
        return f"{self.scenario}: {self.metric} is over its {'soft ' if self.level == 'warn' else ''}limit"


def breaches(report: Report) -> tuple[Breach, ...]:
    """Those of hard limits first; of each level in the report's order."""
    return tuple(
        _breach(result, limit, report)
        for level in ("error", "warn")
        for result in report.results
        for limit in exceeded(result, level)
    )


def origin_words(limit: BudgetResult) -> tuple[str, ...]:
    """Where a limit is set, and by which key; for one without an origin whose it is."""
    if limit.origin is None:
        return (OWN_LIMIT,)
    return clean_line(f"{limit.origin.file}:{limit.origin.line}"), clean_line(limit.origin.key)


def _breach(result: Result, limit: BudgetResult, report: Report) -> Breach:
    row = budget_rows(result, report.run.options)[_index(result.budgets, limit)]
    of = f" ({clean_line(limit.text)})" if limit.text else ""
    return Breach(
        scenario=clean_line(result.scenario.name),
        metric=limit.metric,
        label=metric_label(limit.metric),
        level=limit.level,
        limit=limit,
        expected=f"at most {_sized(limit.limit, result.payload)}{of}",
        found=_sized(limit.observed or 0.0, result.payload),
        excess=_sized(limit.excess, result.payload),
        where=row.remarks,
        set_in=origin_words(limit),
        message=clean_line(limit.message),
    )


def _index(limits: Sequence[BudgetResult], limit: BudgetResult) -> int:
    return next(number for number, one in enumerate(limits) if one is limit)


def _sized(payloads: float, payload: Payload | None) -> str:
    if payload is None:
        return format_payloads(payloads)
    size = format_bytes(payloads * payload.logical_bytes, payload.logical_bytes)
    return f"{format_payloads(payloads)}, {size}" if payloads >= _SMALLEST else size
