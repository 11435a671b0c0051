"""A report as JUnit XML, which CI systems show as tests: a suite for the run, a test case for each scenario.

A scenario over its budget is a failure, one that could not be measured an error, and one that doesn't apply
to the release is skipped. How long a scenario took is not known here, so that no test case has a time.
"""

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from cachekit_memprobe.fingerprint import fingerprint_of
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.view import outcome, rounded, why_not_judged, with_status
from cachekit_memprobe.report.words import (
    HEADLINE_METRICS,
    BudgetRow,
    ScenarioWords,
    command_words,
    scenario_words,
    target_words,
    verdict_line,
)
from cachekit_memprobe.result import Report, Result

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_OUTCOMES = {"fail": "failure", "unmeasured": "error", "not_applicable": "skipped"}


def to_junit(report: Report) -> str:
    """One ``testsuites`` element, in a document without any character that XML can't hold."""
    root = Element("testsuites", name="cachekit-memprobe")
    suite = SubElement(root, "testsuite", name=_xml(target_words(report)[0]))
    if began := _TIMESTAMP.match(report.run.created):
        suite.set("timestamp", began.group())
    _add_properties(suite, report)
    for result in report.results:
        _add_case(suite, result, report)
    if not report.results or {result.verdict for result in report.results} == {"not_applicable"}:
        # Only skipped tests would be a green suite, of a run that has measured nothing.
        error = SubElement(_case(suite, "run", report), "error", type="unmeasured")
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


def _case(suite: Element, name: str, report: Report) -> Element:
    """Of a class that tells releases apart, in whose name a point would begin a package."""
    target = re.sub(r"[^A-Za-z0-9]+", "-", target_words(report)[0]).strip("-")
    return SubElement(suite, "testcase", classname=f"cachekit-memprobe.{target}", name=_xml(name))


def _add_case(suite: Element, result: Result, report: Report) -> None:
    words = scenario_words(result, report)
    case = _case(suite, words.name, report)
    if result.verdict in _OUTCOMES:
        element = SubElement(case, _OUTCOMES[result.verdict], type=result.verdict)
        element.set("message", _xml(_message(result, words)))
        element.text = _xml(_lines([words.reason, *_over(words.budgets)]))
    if words.has_figures:
        SubElement(case, "system-out").text = _xml(_lines(_figures(result, words, report)))


def _message(result: Result, words: ScenarioWords) -> str:
    over = [row for row in words.budgets if row.status == "over" and row.level == "error"]
    if result.verdict == "fail" and over:
        return "; ".join(f"{row.metric} {row.observed} over {row.limit}" for row in over)
    return words.reason.partition("\n")[0]


def _over(rows: Sequence[BudgetRow]) -> Iterator[str]:
    for row in rows:
        if row.status == "over":
            yield _budget(row)
            yield from (f"    {remark}" for remark in row.remarks)


def _budget(row: BudgetRow) -> str:
    excess = f" {row.excess}" if row.excess else ""
    return f"{row.metric}: limit {row.limit}, observed {row.observed}{excess}, {row.words}"


def _figures(result: Result, words: ScenarioWords, report: Report) -> Iterator[str]:
    yield from (f"{line.label}: {' '.join(line.phrases)}" for line in words.figures)
    yield from map(_budget, words.budgets)
    if unjudged := with_status(result, "not_judged"):
        yield f"not judged: {why_not_judged(unjudged, report.run.options)}"
    yield from (f"note: {note}" for note in words.notes)
    yield from (f"{said.code}: {said.sentence}" for said in (*words.leading, *words.findings))


def _lines(lines: Sequence[str] | Iterator[str]) -> str:
    return "\n".join(line for line in lines if line)


def _xml(words: str) -> str:
    return _NO_XML.sub("", clean(words))
