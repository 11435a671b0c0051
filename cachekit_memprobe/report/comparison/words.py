"""A comparison in plain rows and phrases, made once, which each renderer only lays out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cachekit_memprobe.comparison import AllowanceResult, Comparison, Difference, ScenarioComparison
from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.comparison.figures import (
    LineWords,
    Row,
    line_words,
    metric_rows,
    remarks_of,
    stage_columns,
    stage_rows,
)
from cachekit_memprobe.report.comparison.headline import direction_of, headline_of, is_equal, is_partial
from cachekit_memprobe.report.view import location, verdict_word
from cachekit_memprobe.report.words import HEADLINE_METRICS, allowance_words, target_words
from cachekit_memprobe.result import Finding, Report, Result
from cachekit_memprobe.units import format_payloads, signed

METRIC_COLUMNS = ("metric", "BASE", "NEW", "change", "in bytes", "")
SUMMARY_COLUMNS = ("scenario", "verdict", *HEADLINE_METRICS, "")
_UNCLEAR = "?"
_DIRECTIONS = {
    "less": "less",
    "more": "more",
    "both": "both",
    "same": "same",
    "unclear": "unclear",
    "": "-",
}
_OUTCOMES = {
    "less": ("takes less", "take less"),
    "more": ("takes more", "take more"),
    "both": ("takes less of some and more of other figures", "take less of some and more of other figures"),
    "equal": ("is the same to the byte", "are the same to the byte"),
    "same": ("is the same", "are the same"),
    "partly": (
        "is the same as far as both sides measured it",
        "are the same as far as both sides measured them",
    ),
    "unclear": ("is unclear", "are unclear"),
    "": ("can't be compared", "can't be compared"),
}
"""What became of a scenario, of one and of several."""


@dataclass(frozen=True)
class FindingWords:
    """A finding that only one side has; ``kind`` is ``gone`` or ``new``."""

    kind: str
    code: str
    sentence: str


@dataclass(frozen=True)
class ScenarioWords:
    """One scenario for a reader, in the order in which it is read.

    Attributes:
        verdict: ``FAIL -> PASS``.
        direction: ``less``, ``more``, ``both``, ``same`` or ``unclear``; empty if nothing is compared.
        headline: what changed, in one line.
        summary: a row of :data:`SUMMARY_COLUMNS`.
        remarks: sentences without a full stop.
    """

    name: str
    verdict: str
    direction: str
    headline: str
    summary: Row
    metrics: tuple[Row, ...]
    stage_columns: tuple[str, ...]
    stages: tuple[Row, ...]
    lines: tuple[LineWords, ...]
    findings: tuple[FindingWords, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class ComparisonWords:
    """The whole comparison.

    Attributes:
        base, new: what was measured on each side.
        differences: what besides cachekit isn't the same, a line each.
        conclusion: all scenarios in one line.
        legend: what the figures of the table of all scenarios are.
        allowances: what became of each ``--fail-on``, a line each, with its status.
    """

    base: str
    new: str
    differences: tuple[str, ...]
    scenarios: tuple[ScenarioWords, ...]
    conclusion: str
    legend: str
    allowances: tuple[tuple[str, str], ...]


def comparison_words(comparison: Comparison) -> ComparisonWords:
    """Everything that any renderer says."""
    scenarios = tuple(scenario_words(one) for one in comparison.scenarios)
    return ComparisonWords(
        base=_target(comparison.base),
        new=_target(comparison.new),
        differences=tuple(_differences(comparison.differences)),
        scenarios=scenarios,
        conclusion=_conclusion(scenarios, comparison.scenarios),
        legend=_legend(scenarios),
        allowances=tuple((one.status, allowance_words(one)) for one in _worst_first(comparison.allowances)),
    )


def scenario_words(scenario: ScenarioComparison) -> ScenarioWords:
    """One scenario; nothing is left out of it but what rounds to nothing."""
    direction, verdict = direction_of(scenario), _verdict(scenario)
    name = clean_line(scenario.name)
    return ScenarioWords(
        name=name,
        verdict=verdict,
        direction=direction,
        headline=headline_of(scenario),
        summary=Row((name, verdict, *_headline_changes(scenario), _DIRECTIONS[direction]), direction),
        metrics=metric_rows(scenario),
        stage_columns=stage_columns(scenario),
        stages=stage_rows(scenario),
        lines=line_words(scenario),
        findings=tuple(_findings(scenario)),
        remarks=tuple(remarks_of(scenario)),
    )


def _legend(scenarios: Sequence[ScenarioWords]) -> str:
    words = "NEW against BASE, in payloads"
    has_unclear = any(cell.endswith(_UNCLEAR) for one in scenarios for cell in one.summary.cells[2:])
    return f"{words}; {_UNCLEAR}: of this figure nothing can be said" if has_unclear else words


def _target(report: Report) -> str:
    return ", ".join(target_words(report))


def _differences(differences: Sequence[Difference]) -> Iterator[str]:
    for one in differences:
        yield f"{clean_line(one.what)}: {_or_none(one.base)} in BASE; {_or_none(one.new)} in NEW"


def _or_none(words: str) -> str:
    return clean_line(words) or "none"


def _verdict(scenario: ScenarioComparison) -> str:
    words = [_short_verdict(one) for one in (scenario.base, scenario.new)]
    return words[0] if words[0] == words[1] else " -> ".join(words)


def _short_verdict(result: Result | None) -> str:
    if result is None:
        return "absent"
    shorter = {"unmeasured": "unmeasured", "not_applicable": "n/a"}
    return shorter.get(result.verdict) or verdict_word(result)


def _headline_changes(scenario: ScenarioComparison) -> Iterator[str]:
    for metric in HEADLINE_METRICS:
        found = scenario.change_of(metric)
        unclear = _UNCLEAR if found and found.answer == "unclear" else ""
        yield (
            "-" if found is None or found.change is None else signed(format_payloads(found.change)) + unclear
        )


def _findings(scenario: ScenarioComparison) -> Iterator[FindingWords]:
    for kind, findings in (("gone", scenario.findings_gone), ("new", scenario.findings_new)):
        for finding in findings:
            yield FindingWords(kind, finding.code, clean_line(_sentence(finding)))


def _sentence(finding: Finding) -> str:
    where = location(finding.place) if finding.place and finding.place.file else ""
    return finding.message if where in finding.message else f"{finding.message} ({where})"


def _conclusion(words: Sequence[ScenarioWords], scenarios: Sequence[ScenarioComparison]) -> str:
    if not words:
        return "there is no scenario to compare"
    if len(words) == 1:
        return f"{words[0].name}: {words[0].headline}"
    counts = Counter(map(_outcome, scenarios))
    phrases = [
        f"{counts[one]} {several[counts[one] > 1]}" for one, several in _OUTCOMES.items() if counts[one]
    ]
    return f"of {len(words)} scenarios, {', '.join(phrases)}"


def _outcome(scenario: ScenarioComparison) -> str:
    """Its direction; of those that are the same, how far that goes."""
    direction = direction_of(scenario)
    if direction != "same":
        return direction
    if is_partial(scenario):
        return "partly"
    return "equal" if is_equal(scenario) and not scenario.in_payloads else "same"


def _worst_first(results: Sequence[AllowanceResult]) -> Sequence[AllowanceResult]:
    return sorted(results, key=lambda one: ("over", "unmeasured", "within").index(one.status))
