"""Three scenarios and more in full: what they have in common is said once, and each says what is its own."""

from dataclasses import replace

from cachekit_memprobe.report.words import Condensed, condensed
from cachekit_memprobe.result import Finding, Result
from tests.golden.reports import L1_HIT, OPTIONS, SCENARIO, UNWRAP_PLACE, report_of

TITLES = {"MEM001": "a line copies", "MEM002": "a window misses"}
ELSEWHERE = replace(UNWRAP_PLACE, line=500)


def named(name: str, *findings: Finding) -> Result:
    return replace(L1_HIT, scenario=replace(SCENARIO, name=name), findings=(*L1_HIT.findings, *findings))


def words_of(*results: Result, complete: bool = False) -> Condensed:
    report = report_of(*results, options=replace(OPTIONS, instruments=("rss", "memray")))
    return condensed(report.results, report, TITLES, complete=complete)


THREE = (
    named("a", Finding("MEM001", "it copies, too", ELSEWHERE)),
    named("b", Finding("MEM018", "it leads", leads=True)),
    named("c"),
)


def test_what_three_have_is_said_once_by_code_and_line() -> None:
    several = words_of(*THREE)
    assert [(row.code, row.sentence, row.names) for row in several.shared] == [
        ("MEM001", "a line copies, at serializers/wrapper.py:126", ("a", "b", "c")),
        ("MEM002", "a window misses", ("a", "b", "c")),
    ]
    assert several.shared[0].example.startswith("in a: unwrap copies the payload byte for byte: 300.0 MB")
    first, second, _ = several.scenarios
    assert [said.sentence for said in first.findings] == ["it copies, too (serializers/wrapper.py:500)"]
    assert first.below == ("MEM001", "MEM002")
    assert [said.code for said in second.leading] == ["MEM018"]
    assert second.findings == ()


def test_a_line_that_copies_in_three_is_quoted_once() -> None:
    several = words_of(*THREE)
    assert [copy.where for copy in several.sources] == ["serializers/wrapper.py:126"]
    assert [one.verbatim for one in several.scenarios] == [(), (), ()]


def test_what_is_as_it_should_be_takes_a_line() -> None:
    first = words_of(*THREE).scenarios[0]
    assert first.within == ("growth.per_read",)
    assert [row.metric for row in first.budgets] == ["copies.unwrap", "copies.total", "peak.heap", "rss.peak"]
    assert first.idle == ("decode", "stats", "other")
    assert [row.stage for row in first.stages] == ["l1_get", "unwrap", "materialize"]
    assert [line.label for line in first.figures] == ["heap"]


def test_lines_that_explain_several_limits_are_named_once() -> None:
    remarks = [row.remarks for row in words_of(*THREE).scenarios[0].budgets]
    assert remarks[2:] == [(), ("these 2: see unwrap at cachekit/serializers/wrapper.py:126, 1.00x",)]


def test_a_figure_whose_limit_is_missed_keeps_its_line() -> None:
    missed = replace(L1_HIT.budgets[-1], observed=1.0, status="over")
    grows = replace(named("d"), budgets=(*L1_HIT.budgets[:-1], missed))
    last = words_of(*THREE, grows).scenarios[-1]
    assert [line.label for line in last.figures] == ["heap", "RSS"]


def test_two_are_complete_and_so_are_those_that_are_asked_for() -> None:
    for several in (words_of(*THREE[:2]), words_of(*THREE, complete=True)):
        assert several.is_complete
        assert not several.shared
        assert not several.sources
        assert [said.code for said in several.scenarios[0].findings] == ["MEM001", "MEM002", "MEM001"]
        assert len(several.scenarios[0].budgets) == 5
