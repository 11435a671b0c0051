"""The one sentence that matters most of a report."""

from collections.abc import Iterator
from dataclasses import dataclass

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import exceeded, suspect_words, why_unmeasured
from cachekit_memprobe.result import BudgetResult, Report, Result
from cachekit_memprobe.units import format_payloads

_VERBATIM = "verbatim."
_LEAST_LIMIT = 0.5
"""Payloads. Lower limits are on what should not be there at all, and say little of how close a read is."""


@dataclass(frozen=True)
class _Over:
    """A limit that a scenario is over."""

    result: Result
    limit: BudgetResult

    @property
    def is_verbatim(self) -> bool:
        return self.limit.metric.startswith(_VERBATIM) and self.limit.suspect is not None

    @property
    def about(self) -> tuple[str, Place | None]:
        """What several scenarios may have in common: a copy's line, a line to look at, or a metric."""
        place = self.limit.suspect
        if place is None:
            return self.limit.metric, None
        return (_VERBATIM if self.is_verbatim else ""), Place(place.stage, "", place.file, place.line)


def main_point(report: Report) -> str:
    """What is over budget, and where; else what wasn't measured; else what comes closest to its limit.

    Without a full stop; empty if there is nothing to be said.
    """
    over = [_Over(result, limit) for result in report.results for limit in exceeded(result)]
    if over:
        scenarios = {one.result.scenario.name for one in over}
        return _of_one(over) if len(scenarios) == 1 else _of_several(over, len(scenarios))
    for result in report.results:
        if result.verdict == "unmeasured":
            first_line = why_unmeasured(result).strip().partition("\n")[0]
            return f"{_name(result)} could not be measured: {clean_line(first_line)}"
    return max(_closest(report), default=(0.0, ""))[1]


def _of_one(over: list[_Over]) -> str:
    """Its largest verbatim copy, and what it exceeds most."""
    copies = [one for one in over if one.is_verbatim]
    others = [one for one in over if not one.is_verbatim]
    phrases = []
    if copies:
        worst = max(copies, key=_excess)
        phrases.append(f"{_copies(worst, format_payloads(worst.limit.observed or 0))}")
    if others:
        worst = max(others, key=_excess)
        phrases.append(_exceeds(worst.limit, with_place=not copies))
    return f"{_name(over[0].result)}: {'; '.join(phrases)}"


def _of_several(over: list[_Over], count: int) -> str:
    """What most of them have in common, a verbatim copy first."""
    groups: dict[tuple[str, Place | None], list[_Over]] = {}
    for one in over:
        groups.setdefault(one.about, []).append(one)

    def weight(group: list[_Over]) -> tuple[int, bool, float]:
        return _scenarios(group), group[0].is_verbatim, max(map(_excess, group))

    group = max(groups.values(), key=weight)
    one, of_them = max(group, key=_excess), _scenarios(group)
    if of_them == 1:
        return f"{_name(one.result)}: {_exceeds(one.limit, with_place=True)}"
    if one.is_verbatim:
        what = _copies(one, "the payload")
    elif one.limit.suspect:
        what = f"the line to look at first is in {suspect_words(one.limit.suspect)}"
    else:
        what = f"{one.limit.metric} is over its limit"
    every = "both" if count == 2 else f"all {count}"
    which = every if of_them == count else f"{of_them} of the {count}"
    return f"{what}, in {which} scenarios that are over budget"


def _copies(one: _Over, what: str) -> str:
    """``unwrap copies the payload byte for byte at cachekit/serializers/wrapper.py:126``."""
    assert one.limit.suspect is not None
    stage, _, where = suspect_words(one.limit.suspect).partition(" at ")
    return f"{stage} copies {what} byte for byte" + (f" at {where}" if where else "")


def _exceeds(limit: BudgetResult, *, with_place: bool) -> str:
    where = f" ({suspect_words(limit.suspect)})" if with_place and limit.suspect else ""
    figures = format_payloads(limit.observed or 0), format_payloads(limit.limit)
    return f"{limit.metric} is {figures[0]}, over its limit of {figures[1]}{where}"


def _closest(report: Report) -> Iterator[tuple[float, str]]:
    for result in report.results:
        for limit in result.budgets:
            if limit.status == "within" and limit.limit >= _LEAST_LIMIT and limit.observed is not None:
                figures = f"{format_payloads(limit.observed)} of {format_payloads(limit.limit)}"
                of = f" of {_name(result)}" if len(report.results) > 1 else ""
                yield limit.observed / limit.limit, f"closest to its limit is {limit.metric}{of}: {figures}"


def _scenarios(group: list[_Over]) -> int:
    return len({one.result.scenario.name for one in group})


def _excess(one: _Over) -> float:
    return one.limit.excess


def _name(result: Result) -> str:
    return clean_line(result.scenario.name)
