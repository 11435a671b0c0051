"""The elements and attributes are those that Jenkins's schema has, and that of pytest's tests.

Both are stricter than what CI systems take: a test case has no properties there.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from cachekit_memprobe.model import Origin
from cachekit_memprobe.report.junit import to_junit
from cachekit_memprobe.result import Result
from tests.golden.reports import FILE_GET, L1_HIT, NOT_APPLICABLE, OPTIONS, SCENARIO, UNMEASURED, report_of

CHILDREN: Mapping[str, set[str]] = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"skipped", "error", "failure", "system-out"},
}
ATTRIBUTES: Mapping[str, set[str]] = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "timestamp"},
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    **{key: {"type", "message"} for key in ("skipped", "error", "failure")},
}
HOSTILE = "a]]><b>&\x00\x1b[31m\ufffe\udcff\u202e\n\"'"


def document(*results: Result) -> Element:
    text = to_junit(report_of(*results))
    root = ElementTree.fromstring(text.encode())
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, set())
        assert element.tag != "testsuite" or {"name", "tests", "failures", "errors"} <= set(element.attrib)
    return root


def cases(root: Element) -> dict[str, str]:
    """What became of each case, by scenario and name; ``system-out`` alone is a pass."""
    return {
        f"{case.attrib['classname'].partition('.')[2]} {case.attrib['name']}": case[0].tag
        if len(case)
        else ""
        for case in root.iter("testcase")
    }


def test_each_limit_is_a_test_case_and_so_is_that_the_scenario_was_measured() -> None:
    root = document(L1_HIT, NOT_APPLICABLE, UNMEASURED)
    assert cases(root) == {
        "arrow-l1-hit measured": "system-out",
        "arrow-l1-hit copies.unwrap (hard limit)": "failure",
        "arrow-l1-hit copies.total (hard limit)": "failure",
        "arrow-l1-hit peak.heap (soft limit)": "system-out",
        "arrow-l1-hit rss.peak (hard limit)": "failure",
        "arrow-l1-hit growth.per_read (hard limit)": "system-out",
        "arrow-file-mmap measured": "skipped",
        "json-l1-hit measured": "error",
        "json-l1-hit copies.unwrap (hard limit)": "error",
        "json-l1-hit rss.peak (hard limit)": "error",
        "json-l1-hit peak.heap (soft limit)": "skipped",
    }
    counts = {"tests": "11", "failures": "3", "errors": "3"}
    assert {name: root.attrib[name] for name in counts} == counts
    assert root[0].attrib == {
        **counts,
        "skipped": "2",
        "name": "cachekit 0.9.1",
        "timestamp": "2026-01-02T03:04:05",
    }


def test_a_failure_says_by_how_much_where_to_look_and_where_the_limit_stands() -> None:
    limit = replace(
        L1_HIT.budgets[0],
        message="ask the storage team",
        origin=Origin("pyproject.toml", 12, "tool.cachekit-memprobe.budget"),
    )
    [failure] = document(replace(L1_HIT, budgets=(limit,))).iter("failure")
    assert failure.attrib["message"] == "copies.unwrap 1.00x over 0.30x"
    assert (failure.text or "").splitlines() == [
        "copies.unwrap: limit 0.30x, observed 1.00x +0.70x, OVER",
        "    see unwrap at cachekit/serializers/wrapper.py:126, 1.00x",
        "ask the storage team",
        "set in pyproject.toml:12, tool.cachekit-memprobe.budget",
    ]


def test_an_error_has_the_whole_reason() -> None:
    error = next(document(UNMEASURED).iter("error"))
    assert error.attrib["message"].endswith("most likely because memory ran out")
    assert (error.text or "").endswith("MemoryError: [bold]can't[/bold] allocate 2.0 GiB")


def test_a_limit_without_a_figure_is_an_error_beside_the_failures_of_the_others() -> None:
    budgets = (L1_HIT.budgets[0], replace(L1_HIT.budgets[1], observed=None, status="unmeasured"))
    root = document(replace(L1_HIT, verdict="unmeasured", budgets=budgets))
    assert cases(root) == {
        "arrow-l1-hit measured": "error",
        "arrow-l1-hit copies.unwrap (hard limit)": "failure",
        "arrow-l1-hit copies.total (hard limit)": "error",
    }


def test_a_case_says_how_long_its_scenario_took() -> None:
    times = [case.get("time") for case in document(replace(FILE_GET, took_s=2.5)).iter("testcase")]
    assert times == ["2.500", None, None]


def test_figures_are_properties_as_they_are_in_json() -> None:
    [suite] = document(L1_HIT)
    values = {one.attrib["name"]: one.attrib["value"] for one in suite.iter("property")}
    assert values["arrow-l1-hit copies.total"] == "2.0014"
    assert values["arrow-l1-hit growth.per_read"] == "0.0"
    assert (values["cachekit"], values["verdict"]) == ("0.9.1", "fail")
    assert "arrow-l1-hit rss.anon" not in values  # neither a headline nor limited


def test_what_was_not_judged_is_skipped_and_says_why() -> None:
    unjudged = replace(FILE_GET, budgets=(replace(FILE_GET.budgets[0], status="not_judged", observed=None),))
    options = replace(OPTIONS, instruments=("rss",))
    root = ElementTree.fromstring(to_junit(report_of(unjudged, options=options)))
    [skipped] = root.iter("skipped")
    assert (
        "the memray instrument was not run; run without --instrument to judge it" in skipped.attrib["message"]
    )


@pytest.mark.parametrize("results", [(), (NOT_APPLICABLE,)])
def test_a_run_that_has_measured_nothing_is_not_green(results: tuple[Result, ...]) -> None:
    root = document(*results)
    assert cases(root)["cachekit-memprobe measured"] == "error"
    assert root.attrib["errors"] == "1"
    [error] = root.iter("error")
    assert "nothing was measured" in error.attrib["message"]


def test_what_xml_can_not_hold_is_left_out_and_the_rest_is_text() -> None:
    hostile = replace(UNMEASURED, scenario=replace(SCENARIO, name=HOSTILE), reason=HOSTILE)
    root = document(hostile, replace(L1_HIT, notes=(HOSTILE,)))
    error = next(root.iter("error"))
    assert error.text == "a]]><b>&?\n\"'"
    assert next(case.attrib["classname"] for case in root.iter("testcase")) == "cachekit-0-9-1.a]]><b>&? \"'"


def test_there_is_nothing_in_it_but_characters_of_xml() -> None:
    text = to_junit(report_of(UNMEASURED, replace(L1_HIT, notes=(HOSTILE,))))
    assert not re.findall("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
