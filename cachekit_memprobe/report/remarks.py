"""What CI systems are told one by one: limits that are exceeded, and what could not be measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cachekit_memprobe.checkout import Checkout, Spot
from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.model import Level, Origin
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.view import apart, outcome, why_unmeasured
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.report.words.breaches import Breach, breaches
from cachekit_memprobe.result import BudgetResult, Report, Result
from cachekit_memprobe.units import format_payloads

_MOST_LINES = 12
"""Of the reason why something could not be measured; the rest is in the report."""


@dataclass(frozen=True)
class Remark:
    """One limit that is exceeded, or that could not be judged; or a scenario that could not be measured.

    Attributes:
        scenario: its name; empty for the run as a whole.
        metric: of the limit; empty for a scenario.
        measured: False where it is not known whether the limit is kept.
        title: on one line.
        lines: what there is to say, each a sentence or a phrase.
        excess: in payloads.
        origin: where the limit is set, if a project has set it.
        suspect: the line to look at first, and its text; ``None`` where none is known.
    """

    scenario: str
    metric: str
    level: Level
    measured: bool
    title: str
    lines: tuple[str, ...]
    excess: float = 0.0
    origin: Origin | None = None
    suspect: Place | None = None
    source: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def source_spot(self, checkout: Checkout) -> Spot | None:
        """The suspect's line, where its file is in the checkout."""
        return checkout.line_of(self.suspect, self.source) if self.suspect else None


def remarks(report: Report) -> list[Remark]:
    """All of a run, the worst first: what is not measured, what is over a hard limit, and over a soft one.

    Of a metric that is over its hard limit, the soft one isn't worth a remark.
    """
    words = {id(breach.limit): breach for breach in breaches(report)}
    found = [remark for result in report.results for remark in _of_result(result, words)]
    if not found and outcome(report) == "unmeasured":
        found = [Remark("", "", "error", False, "nothing was measured", (clean(verdict_line(report)),))]
    hard = {(one.scenario, one.metric) for one in found if one.level == "error"}
    worth = (one for one in found if one.level == "error" or (one.scenario, one.metric) not in hard)
    return sorted(worth, key=lambda one: (one.level != "error", one.measured, -one.excess))


def _of_result(result: Result, words: Mapping[int, Breach]) -> Iterator[Remark]:
    told = [
        _over(result, limit, words[id(limit)]) if limit.status == "over" else _unmeasured(result, limit)
        for limit in result.budgets
        if limit.status in ("over", "unmeasured")
    ]
    if result.verdict == "unmeasured" and not any(one.level == "error" and not one.measured for one in told):
        yield _of_scenario(result)
    yield from told


def _of_scenario(result: Result) -> Remark:
    """At the first of its limits: a scenario has no line of its own that is known here."""
    name = clean_line(result.scenario.name)
    origins = (limit.origin for limit in result.scenario.budget if limit.origin)
    reason = why_unmeasured(result).strip("\n").splitlines()
    more = [f"and {len(reason) - _MOST_LINES} more lines"] if len(reason) > _MOST_LINES else []
    lines = (*reason[:_MOST_LINES], *more)
    title = f"{name}: could not be measured"
    return Remark(name, "", "error", False, title, lines, origin=next(origins, None))


def _unmeasured(result: Result, limit: BudgetResult) -> Remark:
    name = clean_line(result.scenario.name)
    title = f"{name}: {limit.metric} could not be measured"
    lines = (f"the limit is {format_payloads(limit.limit)}, and there is no figure to hold against it",)
    return Remark(name, limit.metric, limit.level, False, title, lines, origin=limit.origin)


def _over(result: Result, limit: BudgetResult, words: Breach) -> Remark:
    figures = " over ".join(apart(limit, result.payload)[:2])
    said = f"expected {words.expected}; found {words.found}; exceeded by {words.excess}"
    return Remark(
        words.scenario,
        limit.metric,
        limit.level,
        True,
        f"{words.scenario}: {limit.metric} {figures}",
        (said, *words.where, *filter(None, [words.message])),
        limit.excess,
        limit.origin,
        limit.suspect,
        _source_of(limit.suspect, result),
    )


def _source_of(place: Place | None, result: Result) -> str:
    """The text of a line, from the stage table; empty if it isn't there."""
    sites = (site for stage in result.stages for site in stage.sites)
    return next((site.source for site in sites if site.place == place), "")
