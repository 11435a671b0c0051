"""The one sentence on top of a report, of hand-built results."""

from dataclasses import replace

import pytest

from cachekit_memprobe.child.stages import STATS, UNWRAP, Place
from cachekit_memprobe.report.words import main_point
from cachekit_memprobe.result import BudgetResult, Result, Suspect
from tests.golden.reports import L1_HIT, NOT_APPLICABLE, UNMEASURED, named, report_of, size

COPY = Place(UNWRAP, "unwrap", "cachekit/serializers/wrapper.py", 126)
OF_STATS = Place(STATS, "record", "cachekit/decorators/wrapper.py", 732)


def over(metric: str, observed: float, limit: float, place: Place | None = None) -> BudgetResult:
    suspects = (Suspect(place, size(observed)),) if place else ()
    return BudgetResult(metric, limit, observed, "error", "over", suspects)


def failing(name: str, *limits: BudgetResult) -> Result:
    return replace(L1_HIT, scenario=named(name, "", L1_HIT.scenario.read), verdict="fail", budgets=limits)


def passing(name: str, *limits: BudgetResult) -> Result:
    return replace(failing(name, *limits), verdict="pass")


VERBATIM, LARGE = over("verbatim.unwrap", 1.0, 0.1, COPY), over("copies.total", 21.0, 5.35, OF_STATS)


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (
            (LARGE, VERBATIM),
            "a: unwrap copies 1.00x byte for byte at cachekit/serializers/wrapper.py:126; "
            "copies.total is 21.00x, over its limit of 5.35x",
        ),
        (
            (LARGE,),
            "a: copies.total is 21.00x, over its limit of 5.35x "
            "(stats at cachekit/decorators/wrapper.py:732)",
        ),
        ((over("rss.peak", 2.0, 1.3),), "a: rss.peak is 2.00x, over its limit of 1.30x"),
        ((over("verbatim.total", 1.0, 0.1),), "a: verbatim.total is 1.00x, over its limit of 0.10x"),
    ],
)
def test_of_one_scenario(limits: tuple[BudgetResult, ...], sentence: str) -> None:
    assert main_point(report_of(failing("a", *limits))) == sentence


def test_of_several_it_is_what_most_of_them_have_in_common() -> None:
    results = (failing("a", VERBATIM), failing("b", LARGE, VERBATIM), failing("c", LARGE))
    elsewhere = failing("d", over("verbatim.unwrap", 3.0, 0.1, replace(COPY, function="other")))
    assert main_point(report_of(*results, elsewhere, passing("e"))) == (
        "unwrap copies byte for byte at cachekit/serializers/wrapper.py:126, in 3 of the 4 "
        "scenarios that are over budget"
    )


def test_of_several_without_a_copy_it_is_a_line_or_a_metric() -> None:
    lines = (failing("a", LARGE), failing("b", LARGE))
    assert main_point(report_of(*lines)) == (
        "look first at stats at cachekit/decorators/wrapper.py:732, in both scenarios that are over budget"
    )
    metrics = [failing(name, over("rss.peak", 2.0, 1.3)) for name in "ab"]
    assert main_point(report_of(*metrics)) == (
        "rss.peak is over its limit, in both scenarios that are over budget"
    )
    different = (failing("a", over("rss.peak", 2.0, 1.3)), failing("b", over("peak.heap", 9.0, 1.3)))
    assert main_point(report_of(*different)) == "b: peak.heap is 9.00x, over its limit of 1.30x"


def test_what_is_over_outweighs_what_was_not_measured() -> None:
    assert main_point(report_of(UNMEASURED, failing("a", VERBATIM))).startswith("a: unwrap copies")
    assert "could not be measured: " in main_point(report_of(UNMEASURED, passing("a")))


def test_when_all_is_well_it_is_what_comes_closest_to_a_limit() -> None:
    far = BudgetResult("rss.peak", 3.0, 1.0, "error", "within")
    near = BudgetResult("peak.heap", 2.0, 1.9, "error", "within")
    nothing = BudgetResult("copies.unwrap", 0.1, 0.1, "error", "within")
    assert main_point(report_of(passing("a", far, nothing), passing("b", near))) == (
        "closest to its limit is peak.heap of b: 1.90x of 2.00x"
    )
    assert main_point(report_of(passing("a", near))) == "closest to its limit is peak.heap: 1.90x of 2.00x"


def test_a_copy_is_as_large_as_its_line_says() -> None:
    total = BudgetResult("verbatim.total", 0.1, 3.0, "error", "over", (Suspect(COPY, size(1.0)),))
    assert main_point(report_of(failing("a", total))) == (
        "a: verbatim.total is 3.00x, over its limit of 0.10x (unwrap at cachekit/serializers/wrapper.py:126)"
    )
    two_lines = (Suspect(COPY, size(1.0)), Suspect(OF_STATS, size(1.0)))
    decode = BudgetResult("verbatim.decode", 0.1, 2.0, "error", "over", two_lines)
    assert main_point(report_of(failing("a", decode))).startswith("a: unwrap copies 1.00x byte for byte")


def test_a_warning_outweighs_what_is_close_to_a_limit() -> None:
    warning = BudgetResult("peak.heap", 0.5, 1.0, "warn", "over")
    near = BudgetResult("rss.peak", 2.0, 1.9, "error", "within")
    assert main_point(report_of(passing("a", warning, near))) == (
        "a: peak.heap is 1.00x, over its limit of 0.50x"
    )
    assert "could not be measured" in main_point(report_of(UNMEASURED, passing("a", warning)))


def test_a_frame_that_is_as_large_as_its_value_is_close_to_nothing() -> None:
    frame = BudgetResult("frame.size", 1.1, 1.09, "error", "within")
    assert main_point(report_of(passing("a", frame))) == ""


def test_it_may_be_nothing() -> None:
    assert main_point(report_of(NOT_APPLICABLE, passing("a"))) == ""
