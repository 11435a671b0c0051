"""The one sentence that matters most of a report."""

from collections.abc import Iterator
from dataclasses import dataclass

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import apart, exceeded, suspect_words, why_unmeasured
from cachekit_memprobe.result import BudgetResult, Report, Result, Suspect
from cachekit_memprobe.units import format_payloads

_VERBATIM, _ALL_STAGES = "verbatim.", "verbatim.total"
_OF_FORM = ("frame.size",)
"""Limits on what is stored, which every read is close to: nothing that a read does changes it."""
_LEAST_LIMIT = 0.5
"""Payloads. Lower limits are on what should not be there at all, and say little of how close a read is."""


@dataclass(frozen=True)
class _Over:
    """A limit that a scenario is over."""

    result: Result
    limit: BudgetResult

    @property
    def copy(self) -> Suspect | None:
        """The line whose verbatim copy it is about, with the size of that line's own."""
        is_of_a_stage = self.limit.metric.startswith(_VERBATIM) and self.limit.metric != _ALL_STAGES
        first = self.limit.suspects[0] if self.limit.suspects else None
        return first if is_of_a_stage and first and first.place.file and first.size_bytes else None

    @property
    def about(self) -> tuple[str, Place | None]:
        """What several scenarios may have in common: a copy's line, a line to look at, or a metric."""
        place = self.limit.suspect
        if place is None:
            return self.limit.metric, None
        return (_VERBATIM if self.copy else ""), Place(place.stage, "", place.file, place.line)


def main_point(report: Report) -> str:
    """What is over budget, and where; else what wasn't measured; else what comes closest to its limit.

    Without a full stop; empty if there is nothing to be said.
    """
    for level, which in (("error", "that are over budget"), ("warn", "with warnings")):
        over = [_Over(result, limit) for result in report.results for limit in exceeded(result, level)]
        if over and (level == "error" or not _unmeasured(report)):
            return _of_one(over) if _scenarios(over) == 1 else _of_several(over, which)
    for result in _unmeasured(report):
        first_line = why_unmeasured(result).strip().partition("\n")[0]
        return f"{_name(result)} could not be measured: {clean_line(first_line)}"
    return max(_closest(report), default=(0.0, ""))[1]


def _unmeasured(report: Report) -> list[Result]:
    return [result for result in report.results if result.verdict == "unmeasured"]


def _of_one(over: list[_Over]) -> str:
    """Its largest verbatim copy, and what it exceeds most."""
    copies = [one for one in over if one.copy]
    others = [one for one in over if not one.copy]
    phrases = []
    if copies:
        phrases.append(_copies(max(copies, key=_excess), with_size=True))
    if others:
        worst = max(others, key=_excess)
        phrases.append(_exceeds(worst, with_place=not copies))
    return f"{_name(over[0].result)}: {'; '.join(phrases)}"


def _of_several(over: list[_Over], which: str) -> str:
    """What most of them have in common, a verbatim copy first."""
    count = _scenarios(over)
    groups: dict[tuple[str, Place | None], list[_Over]] = {}
    for one in over:
        groups.setdefault(one.about, []).append(one)

    def weight(group: list[_Over]) -> tuple[int, bool, float]:
        return _scenarios(group), bool(group[0].copy), max(map(_excess, group))

    group = max(groups.values(), key=weight)
    one, of_them = max(group, key=_excess), _scenarios(group)
    if of_them == 1:
        return f"{_name(one.result)}: {_exceeds(one, with_place=True)}"
    if one.copy:
        what = _copies(one, with_size=False)
    elif one.limit.suspect:
        what = f"look first at {suspect_words(one.limit.suspect)}"
    else:
        what = f"{one.limit.metric} is over its limit"
    every = "both" if count == 2 else f"all {count}"
    return f"{what}, in {every if of_them == count else f'{of_them} of the {count}'} scenarios {which}"


def _copies(one: _Over, *, with_size: bool) -> str:
    """``unwrap copies 1.00x byte for byte at cachekit/serializers/wrapper.py:126``."""
    assert one.copy
    size_bytes, payload = one.copy.size_bytes or 0, one.result.payload
    size = f" {format_payloads(size_bytes / payload.logical_bytes)}" if with_size and payload else ""
    stage, _, where = suspect_words(one.copy.place).partition(" at ")
    return f"{stage} copies{size} byte for byte at {where}"


def _exceeds(one: _Over, *, with_place: bool) -> str:
    limit = one.limit
    where = f" ({suspect_words(limit.suspect)})" if with_place and limit.suspect else ""
    observed, allowed, _ = apart(limit, one.result.payload)
    return f"{limit.metric} is {observed}, over its limit of {allowed}{where}"


def _closest(report: Report) -> Iterator[tuple[float, str]]:
    for result in report.results:
        for limit in result.budgets:
            if limit.status != "within" or limit.metric in _OF_FORM:
                continue
            if limit.limit >= _LEAST_LIMIT and limit.observed is not None:
                figures = f"{format_payloads(limit.observed)} of {format_payloads(limit.limit)}"
                of = f" of {_name(result)}" if len(report.results) > 1 else ""
                yield limit.observed / limit.limit, f"closest to its limit is {limit.metric}{of}: {figures}"


def _scenarios(group: list[_Over]) -> int:
    return len({one.result.scenario.name for one in group})


def _excess(one: _Over) -> float:
    return one.limit.excess


def _name(result: Result) -> str:
    return clean_line(result.scenario.name)
