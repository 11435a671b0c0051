"""A scenario's limits against what was observed, with where to look."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from cachekit_memprobe.metrics import MEMRAY, metric_of
from cachekit_memprobe.model import Level, Payload, RunOptions
from cachekit_memprobe.report.view import AS_DEPLOYED, apart, in_payloads, is_rss, metric_label, suspect_words
from cachekit_memprobe.result import BudgetResult, BudgetStatus, Result
from cachekit_memprobe.units import format_payloads

NO_BUDGET = "budget: none, so nothing that is measured can fail"

_STATUS_WORDS: dict[BudgetStatus, str] = {
    "within": "within",
    "over": "OVER",
    "unmeasured": "not measured",
    "not_judged": "not judged",
}

_EXPLAINED_BY_MEMRAY = ("rss.", "peak.")
_NOT_RUN = "memray tells the lines, and was not run"


@dataclass(frozen=True)
class BudgetRow:
    """One limit; figures are in payloads, or in bytes where it is exceeded by less than these show.

    Attributes:
        metric: as ``--budget`` takes it.
        label: what it is called.
        observed: ``-`` when it was not measured.
        excess: ``+0.70x``; empty when the limit isn't exceeded.
        words: the status for a reader.
        remarks: where to look first and next, each a line of its own.
    """

    metric: str
    label: str
    limit: str
    observed: str
    excess: str
    status: BudgetStatus
    level: Level
    words: str
    remarks: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether it is as it should be, so that many of them need no row each."""
        return self.status == "within"


def budget_rows(result: Result, options: RunOptions) -> tuple[BudgetRow, ...]:
    """One row a limit, in their order."""
    return tuple(_row(limit, result.payload, options) for limit in result.budgets)


def explained_once(rows: Iterable[BudgetRow]) -> tuple[BudgetRow, ...]:
    """Of rows one after the other that are explained by the same lines, the last names them for all."""
    explained: list[BudgetRow] = []
    for remarks, group in groupby(rows, key=lambda row: row.remarks):
        *others, last = group
        if others and remarks:
            last = replace(last, remarks=(f"these {len(others) + 1}: {remarks[0]}", *remarks[1:]))
        explained.extend((*(replace(row, remarks=()) for row in others), last))
    return tuple(explained)


def _row(limit: BudgetResult, payload: Payload | None, options: RunOptions) -> BudgetRow:
    is_warning = limit.status == "over" and limit.level == "warn"
    remarks = _where(limit, payload, options)
    if options.as_deployed and is_rss(limit.metric):
        remarks.append(AS_DEPLOYED)
    observed = "-" if limit.observed is None else format_payloads(limit.observed)
    allowed, excess = format_payloads(limit.limit), ""
    if limit.status == "over":
        observed, allowed, excess = apart(limit, payload)
    return BudgetRow(
        metric=limit.metric,
        label=metric_label(limit.metric),
        limit=allowed,
        observed=observed,
        excess=excess and f"+{excess}",
        status=limit.status,
        level=limit.level,
        words="over (warning)" if is_warning else _STATUS_WORDS[limit.status],
        remarks=tuple(remarks),
    )


def _where(limit: BudgetResult, payload: Payload | None, options: RunOptions) -> list[str]:
    """Where to look first and next, each with its part of the figure."""
    if not metric_of(limit.metric).instruments:
        return []
    if limit.status == "over" and not limit.suspects:
        is_lacking = limit.metric.startswith(_EXPLAINED_BY_MEMRAY) and MEMRAY not in options.instruments
        return [_NOT_RUN if is_lacking else "no line is known that explains it"]
    words: list[str] = []
    for suspect in limit.suspects:
        size = "" if suspect.size_bytes is None else f", {_payloads(suspect.size_bytes, payload)}"
        words.append(f"{'and' if words else 'see'} {suspect_words(suspect.place)}{size}")
    return words


def _payloads(size_bytes: int, payload: Payload | None) -> str:
    return format_payloads(in_payloads(size_bytes, payload))
