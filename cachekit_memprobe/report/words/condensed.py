"""Many scenarios in full: each says what is its own, and what several have in common is said once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeVar

from cachekit_memprobe.metrics import ALIASING, MEMRAY, RETENTION, RSS, TRACEMALLOC, metric_of
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import location
from cachekit_memprobe.report.words.budget import explained_once
from cachekit_memprobe.report.words.figures import FigureLine
from cachekit_memprobe.report.words.scenario import Quotation, ScenarioWords, scenario_words, sentence_of
from cachekit_memprobe.report.words.shared import Shared, names_of, title_of
from cachekit_memprobe.result import Finding, Report, Result

_SEVERAL = 3
"""Fewer scenarios are shown as they are, and what fewer have in common stays with each."""

_LINES = {"heap": (MEMRAY, ALIASING), "tracemalloc": (TRACEMALLOC,), "RSS": (RSS,), "held": (RETENTION,)}
"""By the label of a line of figures: the instruments whose limits it explains."""

_TOLD_BY_ITSELF = ("rss.peak", "rss.peak_per_reader", "rss.total")
"""Metrics of which the line of figures says no more than their limit's row."""

_Key = tuple[str, str]
"""A finding's code, and the line that it is about, if it is about one."""
_Common = TypeVar("_Common")


@dataclass(frozen=True)
class Condensed:
    """The scenarios that are shown in full.

    Attributes:
        shared: the findings that several of them have, what most have first.
        sources: the lines that copy byte for byte in several of them.
        is_complete: whether each says all that there is to say of it.
    """

    scenarios: tuple[ScenarioWords, ...]
    shared: tuple[Shared, ...] = ()
    sources: tuple[Quotation, ...] = ()
    is_complete: bool = True


def condensed(
    results: Sequence[Result], report: Report, titles: Mapping[str, str], *, complete: bool = False
) -> Condensed:
    """Scenarios in words; of one or two, nothing is said elsewhere or left out.

    Args:
        titles: what each code of a finding stands for.
        complete: nothing is, however many they are.
    """
    words = [scenario_words(result, report) for result in results]
    if complete or len(results) < _SEVERAL:
        return Condensed(tuple(words))
    shared = _in_several({_key(finding) for finding in _own(result)} for result in results)
    sources = _in_several(dict.fromkeys(one.verbatim) for one in words)
    return Condensed(
        tuple(
            _without(one, result, shared.keys(), sources.keys())
            for one, result in zip(words, results, strict=True)
        ),
        tuple(
            _said_once(key, results, titles) for key in sorted(shared, key=lambda key: (-shared[key], key))
        ),
        tuple(sorted(sources, key=lambda copy: copy.where)),
        is_complete=False,
    )


def _in_several(groups: Iterable[Iterable[_Common]]) -> dict[_Common, int]:
    """What so many have that it is said once, and how many have it."""
    counts = Counter(one for group in groups for one in group)
    return {one: count for one, count in counts.items() if count >= _SEVERAL}


def _own(result: Result) -> list[Finding]:
    """Those that lead are told before the figures, of each scenario."""
    return [finding for finding in result.findings if not finding.leads]


def _key(finding: Finding) -> _Key:
    place = finding.place
    return finding.code, location(place) if place and place.file else ""


def _said_once(key: _Key, results: Iterable[Result], titles: Mapping[str, str]) -> Shared:
    code, where = key
    found = [(result, one) for result in results for one in _own(result) if _key(one) == key]
    example = found[0][1]
    title = title_of(code, titles, example)
    names = names_of(result for result, _ in found)
    if code not in titles:  # the title is the sentence itself
        return Shared(code, title, names)
    sentence = f"{title}, at {where}" if where else title
    return Shared(code, sentence, names, f"in {names[0]}: {clean_line(sentence_of(example))}")


def _without(
    words: ScenarioWords,
    result: Result,
    shared: AbstractSet[_Key],
    sources: AbstractSet[Quotation],
) -> ScenarioWords:
    """What is said once of several, without; and what is as it should be, in a line."""
    findings = list(zip(_own(result), words.findings, strict=True))
    return replace(
        words,
        stages=tuple(row for row in words.stages if not row.is_empty),
        idle=tuple(row.stage for row in words.stages if row.is_empty),
        verbatim=tuple(copy for copy in words.verbatim if copy not in sources),
        parts=(),
        figures=_telling(words.figures, result),
        budgets=explained_once([row for row in words.budgets if not row.is_kept]),
        within=tuple(row.metric for row in words.budgets if row.is_kept),
        findings=tuple(said for finding, said in findings if _key(finding) not in shared),
        below=tuple(dict.fromkeys(said.code for finding, said in findings if _key(finding) in shared)),
    )


def _telling(lines: Iterable[FigureLine], result: Result) -> tuple[FigureLine, ...]:
    """Of a scenario with a budget, the heap's and those that belong to a limit that isn't kept to."""
    if not result.budgets or result.verdict == "unmeasured":
        return tuple(lines)
    missed = {limit.metric for limit in result.budgets if limit.status != "within"}.difference(
        _TOLD_BY_ITSELF
    )
    needed = {instrument for metric in missed for instrument in metric_of(metric).instruments}
    return tuple(line for line in lines if line.label == "heap" or not needed.isdisjoint(_LINES[line.label]))
