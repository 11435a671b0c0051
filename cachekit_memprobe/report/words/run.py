"""A run as a whole: what was measured, all scenarios at a glance, and the verdict in one line."""

from dataclasses import dataclass

from cachekit_memprobe.report.clean import clean_line
from cachekit_memprobe.report.view import (
    VERDICT_WORDS,
    apart,
    exceeded,
    outcome,
    suspect_words,
    verdict_word,
    why_not_applicable,
    why_not_judged,
    why_unmeasured,
    with_status,
)
from cachekit_memprobe.result import BudgetResult, Report, Result, Verdict
from cachekit_memprobe.units import format_payloads

_HEADLINES = {"copies.total": "copies", "peak.heap": "heap", "rss.peak": "rss"}
"""The three figures that say most, and what they are called where there is little room."""

HEADLINE_METRICS = tuple(_HEADLINES)

_COUNTED: dict[Verdict, str] = {
    "unmeasured": "could not be measured",
    "fail": "over budget",
    "pass": "within budget",
    "not_applicable": "not applicable",
}
_BESIDE_CACHEKIT = ("python", "pyarrow", "pandas", "memray")


@dataclass(frozen=True)
class SummaryRow:
    """A scenario at a glance; ``figures`` are those of :data:`HEADLINE_METRICS`, ``-`` if not measured."""

    name: str
    verdict: Verdict
    verdict_word: str
    figures: tuple[str, ...]


def target_words(report: Report) -> tuple[str, ...]:
    """``cachekit 0.9.1``, and what it was measured with."""
    versions = {name: clean_line(version) for name, version in report.run.target.versions.items()}
    others = [f"{other} {versions[other]}" for other in _BESIDE_CACHEKIT if other in versions]
    name = clean_line(report.run.target.words)
    return tuple(phrase for phrase in (name, *others, versions.get("platform", "")) if phrase)


def summary_rows(report: Report) -> tuple[SummaryRow, ...]:
    """One row a scenario, in their order."""
    return tuple(
        SummaryRow(
            clean_line(result.scenario.name),
            result.verdict,
            verdict_word(result),
            tuple(_figure(result, metric) for metric in HEADLINE_METRICS),
        )
        for result in report.results
    )


def verdict_line(report: Report) -> str:
    """The verdict on the whole run, with how many scenarios it is made of."""
    verdict = outcome(report)
    passed = [result for result in report.results if result.verdict == "pass"]
    unlimited = verdict == "pass" and not any(result.budgets for result in passed)
    word = verdict_word(passed[0]) if unlimited else VERDICT_WORDS[verdict]
    return f"{word}: {_verdict_words(report)}"


def scenario_line(result: Result, report: Report) -> str:
    """One scenario for a log: its verdict, its three figures, and what there is to say against it.

    Only what could not be measured takes more than one line.
    """
    if result.verdict == "not_applicable":
        return f"{clean_line(result.scenario.name)}: {why_not_applicable(result, report)}"
    if result.verdict == "unmeasured":
        reason = _hanging(why_unmeasured(result))
        return f"{clean_line(result.scenario.name)}: {VERDICT_WORDS['unmeasured']}: {reason}"
    warned = _excesses("over in a warning: ", result, exceeded(result, "warn"))
    words = (ended_line(result), _excesses("", result, exceeded(result)), _judged(result), warned)
    return "; ".join(filter(None, words))


def ended_line(result: Result) -> str:
    """One scenario as soon as it has ended: ``NAME: PASS  copies 1.00x  heap 1.00x  rss 1.00x``."""
    head = f"{clean_line(result.scenario.name)}: {verdict_word(result)}"
    if result.verdict == "unmeasured":
        first_line = why_unmeasured(result).strip().partition("\n")[0]
        return f"{head}: {clean_line(first_line)}"
    if result.verdict == "not_applicable":
        return head
    figures = (f"{label} {_figure(result, name)}" for name, label in _HEADLINES.items())
    return "  ".join((head, *figures))


def modified_lines(report: Report) -> list[str]:
    """What is known not to be as it was published: its figures aren't those of a release."""
    target = report.run.target
    cachekit = target.versions.get("cachekit_state", "").endswith("modified")
    others = clean_line(target.versions.get("modified", ""))
    return [
        *([f"measured was {clean_line(target.words)}"] if cachekit else []),
        *([f"changed since they were installed: {others}"] if others else []),
    ]


def skipped_lines(report: Report) -> list[str]:
    """Each combination of a matrix that was skipped, and why, as a line for a log."""
    return [
        f"{clean_line(entry.of)}@{','.join(f'{key}={value}' for key, value in entry.axes.items())}: "
        f"skipped, {clean_line(entry.reason)}"
        for entry in report.run.sweep.skipped
    ]


def not_judged_line(report: Report) -> str:
    """What the run's instruments left unjudged, over all scenarios, and what to do; empty if nothing."""
    names = [name for result in report.results for name in with_status(result, "not_judged")]
    if not names:
        return ""
    which = ", ".join(dict.fromkeys(names))
    limits = f"limit{'s' if len(names) > 1 else ''}"
    return f"{len(names)} {limits} not judged ({which}): {why_not_judged(names, report.run.options)}"


def _figure(result: Result, metric: str) -> str:
    return format_payloads(result.metrics[metric]) if metric in result.metrics else "-"


def _judged(result: Result) -> str:
    """How many limits were judged and which were not, if it isn't all of them."""
    if not result.budgets:
        return "no budget"
    unrun, absent = with_status(result, "not_judged"), with_status(result, "unmeasured")
    if not unrun and not absent:
        return ""
    total = len(result.budgets)
    reasons = [
        *([f"not judged: {', '.join(unrun)}; their instruments were not run"] if unrun else []),
        *([f"not measured: {', '.join(absent)}"] if absent else []),
    ]
    judged = total - len(unrun) - len(absent)
    return f"{judged} of {total} limit{'s' if total > 1 else ''} judged ({'; '.join(reasons)})"


def _excesses(introduction: str, result: Result, limits: tuple[BudgetResult, ...]) -> str:
    words = [
        f"{limit.metric} {' over '.join(apart(limit, result.payload)[:2])}"
        + (f" ({suspect_words(limit.suspect)})" if limit.suspect else "")
        for limit in limits
    ]
    return introduction + ", ".join(words) if words else ""


def _verdict_words(report: Report) -> str:
    counts = {verdict: _count(report, verdict) for verdict in VERDICT_WORDS}
    if not any(counts[verdict] for verdict in VERDICT_WORDS if verdict != "not_applicable"):
        return "nothing was measured, as no chosen scenario applies"
    warnings = sum(len(exceeded(result, "warn")) for result in report.results)
    unlimited = sum(result.verdict == "pass" and not result.budgets for result in report.results)
    counted = {**counts, "pass": counts["pass"] - unlimited}
    phrases = [f"{counted[verdict]} {words}" for verdict, words in _COUNTED.items() if counted[verdict]]
    if unlimited:
        phrases.append(f"{unlimited} measured without a budget")
    skipped = sum(len(with_status(result, "not_judged")) for result in report.results)
    if skipped:
        phrases.append(f"{skipped} limit{'s' if skipped > 1 else ''} not judged")
    if warnings:
        phrases.append(f"{warnings} warning{'s' if warnings > 1 else ''}")
    total = len(report.results)
    shard = f" in shard {report.run.shard.words}" if report.run.shard else ""
    return f"of {total} scenario{'s' if total > 1 else ''}{shard}, {', '.join(phrases)}"


def _hanging(reason: str) -> str:
    return "\n    ".join(reason.strip("\n").splitlines())


def _count(report: Report, verdict: Verdict) -> int:
    return sum(result.verdict == verdict for result in report.results)
