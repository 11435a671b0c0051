"""A report as JUnit XML, which CI systems show as tests: a suite for the run, a test case for each limit.

A limit that is exceeded is a failure, and one that could not be judged an error; a soft one is neither.
That a scenario was measured at all is a case of its own: an error where it could not be, skipped where it
doesn't apply to the release.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from cachekit_memprobe.fingerprint import fingerprint_of
from cachekit_memprobe.model import Level
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.view import outcome, rounded, why_not_judged
from cachekit_memprobe.report.words import (
    HEADLINE_METRICS,
    BudgetRow,
    ScenarioWords,
    budget_rows,
    command_words,
    scenario_words,
    target_words,
    verdict_line,
)
from cachekit_memprobe.result import BudgetResult, BudgetStatus, Report, Result

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_MEASURED = "measured"
_OUTCOMES = {"unmeasured": "error", "not_applicable": "skipped"}
_BECOMES: Mapping[tuple[BudgetStatus, Level], str] = {
    ("over", "error"): "failure",
    ("unmeasured", "error"): "error",
    ("unmeasured", "warn"): "skipped",
    ("not_judged", "error"): "skipped",
    ("not_judged", "warn"): "skipped",
}
"""What a limit is that isn't just kept."""


def to_junit(report: Report) -> str:
    """One ``testsuites`` element, in a document without any character that XML can't hold."""
    root = Element("testsuites", name="cachekit-memprobe")
    suite = SubElement(root, "testsuite", name=_xml(target_words(report)[0]))
    if began := _TIMESTAMP.match(report.run.created):
        suite.set("timestamp", began.group())
    _add_properties(suite, report)
    for result in report.results:
        _add_cases(suite, result, report)
    if not report.results or {result.verdict for result in report.results} == {"not_applicable"}:
        # Only skipped tests would be a green suite, of a run that has measured nothing.
        error = SubElement(_case(suite, _MEASURED, report), "error", type="unmeasured")
        error.set("message", _xml(verdict_line(report)))
    for attribute, name in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        root.set(attribute, str(len(list(root.iter(name)))))
        suite.set(attribute, str(len(list(root.iter(name)))))
    suite.set("skipped", str(len(list(root.iter("skipped")))))
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add_properties(suite: Element, report: Report) -> None:
    """What was measured with what, and of each scenario the figures that say most and those with a limit."""
    fingerprint = fingerprint_of(report.run)
    values = {
        "verdict": outcome(report),
        "tool": f"cachekit-memprobe {report.tool_version}",
        **fingerprint.parts,
        "fingerprint": fingerprint.digest,
        "command": command_words(report),
    }
    for result in report.results:
        wanted = dict.fromkeys([*HEADLINE_METRICS, *(limit.metric for limit in result.budgets)])
        values.update(
            (f"{clean_line(result.scenario.name)} {metric}", str(rounded(result.metrics[metric])))
            for metric in wanted
            if metric in result.metrics
        )
    properties = SubElement(suite, "properties")
    for name, value in values.items():
        SubElement(properties, "property", name=_xml(name), value=_xml(value))


def _case(suite: Element, name: str, report: Report, of: str = "") -> Element:
    """Of a class that is the scenario, in a package that tells releases apart, whose name has no point."""
    target = re.sub(r"[^A-Za-z0-9]+", "-", target_words(report)[0]).strip("-")
    return SubElement(
        suite, "testcase", classname=_xml(f"{target}.{of or 'cachekit-memprobe'}"), name=_xml(name)
    )


def _add_cases(suite: Element, result: Result, report: Report) -> None:
    words = scenario_words(result, report)
    case = _case(suite, _MEASURED, report, words.name)
    if result.took_s is not None:
        case.set("time", f"{result.took_s:.3f}")
    if result.verdict in _OUTCOMES:
        outcome_of = SubElement(case, _OUTCOMES[result.verdict], type=result.verdict)
        outcome_of.set("message", _xml(words.reason.partition("\n")[0]))
        outcome_of.text = _xml(words.reason)
    if words.has_figures:
        SubElement(case, "system-out").text = _xml(_lines(_figures(words)))
    for limit, row in zip(result.budgets, budget_rows(result, report.run.options), strict=True):
        _add_limit(_case(suite, _limit_name(row.metric, row.level), report, words.name), limit, row, report)
    if result.verdict == "unmeasured" and not result.budgets:
        for metric, level in dict.fromkeys((one.metric, one.level) for one in result.scenario.budget):
            case = _case(suite, _limit_name(metric, level), report, words.name)
            element = SubElement(case, _BECOMES["unmeasured", level], type="unmeasured")
            element.set("message", _xml(f"{words.name} could not be measured"))


def _limit_name(metric: str, level: Level) -> str:
    return f"{metric} ({'hard' if level == 'error' else 'soft'} limit)"


def _add_limit(case: Element, limit: BudgetResult, row: BudgetRow, report: Report) -> None:
    """A soft limit never fails: what it comes to is no more than said."""
    said = _lines(_about(limit, row))
    became = _BECOMES.get((limit.status, limit.level))
    if became is None:
        SubElement(case, "system-out").text = _xml(said)
        return
    element = SubElement(case, became, type=limit.status)
    observed = "was not measured" if limit.observed is None else f"{row.observed} over {row.limit}"
    why = why_not_judged([limit.metric], report.run.options) if limit.status == "not_judged" else ""
    element.set("message", _xml(f"{row.metric} {why or observed}"))
    element.text = _xml(said)


def _about(limit: BudgetResult, row: BudgetRow) -> Iterator[str]:
    yield _budget(row)
    yield from (f"    {remark}" for remark in row.remarks)
    if limit.message:
        yield clean(limit.message)
    if limit.origin:
        yield f"set in {limit.origin.file}:{limit.origin.line}, {limit.origin.key}"


def _budget(row: BudgetRow) -> str:
    excess = f" {row.excess}" if row.excess else ""
    return f"{row.metric}: limit {row.limit}, observed {row.observed}{excess}, {row.words}"


def _figures(words: ScenarioWords) -> Iterator[str]:
    yield from (f"{line.label}: {' '.join(line.phrases)}" for line in words.figures)
    yield from (f"note: {note}" for note in words.notes)
    yield from (f"{said.code}: {said.sentence}" for said in (*words.leading, *words.findings))


def _lines(lines: Sequence[str] | Iterator[str]) -> str:
    return "\n".join(line for line in lines if line)


def _xml(words: str) -> str:
    return _NO_XML.sub("", clean(words))
