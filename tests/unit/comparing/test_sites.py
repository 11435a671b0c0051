from dataclasses import replace

from cachekit_memprobe.comparing.sites import site_changes
from cachekit_memprobe.result import Result, SiteUsage
from tests.golden.reports import L1_HIT, MATERIALIZE_SITE, UNWRAP_SITE, place, stage

METRICS = {"copies.total": 1.0, "verbatim.total": 1.0}


def result(*sites: SiteUsage, metrics: dict[str, float] = METRICS) -> Result:
    return replace(L1_HIT, metrics=metrics, stages=(stage("unwrap", *sites),))


def at(where: str, site: SiteUsage = UNWRAP_SITE) -> SiteUsage:
    return replace(site, place=place("unwrap", where, site.place.function))


def kinds(base: Result, new: Result) -> list[str]:
    return [change.kind for change in site_changes(base, new)]


def test_the_same_line_is_no_change() -> None:
    assert kinds(result(UNWRAP_SITE), result(UNWRAP_SITE)) == []


def test_a_line_that_went_elsewhere_has_moved() -> None:
    (moved,) = site_changes(result(UNWRAP_SITE), result(at("cachekit/elsewhere.py:3")))
    assert moved.kind == "moved"
    assert moved.new is not None
    assert moved.new.place.file == "cachekit/elsewhere.py"


def test_another_text_is_another_line() -> None:
    other = replace(UNWRAP_SITE, source="payload = bytes(view)")
    assert kinds(result(UNWRAP_SITE), result(other)) == ["gone", "new"]


def test_blanks_make_no_difference() -> None:
    indented = replace(UNWRAP_SITE, source=f"    {UNWRAP_SITE.source}   ")
    assert kinds(result(UNWRAP_SITE), result(indented)) == []


def test_a_function_may_be_renamed() -> None:
    renamed = replace(UNWRAP_SITE, place=replace(UNWRAP_SITE.place, function="unwrap_v2", line=300))
    assert kinds(result(UNWRAP_SITE), result(renamed)) == ["moved"]


def test_lines_without_a_text_are_matched_by_their_function_only() -> None:
    native = replace(UNWRAP_SITE, source="", place=place("unwrap", ":0", "Arrow's mimalloc pool"))
    other = replace(native, place=place("unwrap", "x.py:4", "g"))
    assert kinds(result(native), result(native)) == []
    assert kinds(result(native), result(other)) == ["gone", "new"]


def test_a_line_that_takes_less_has_changed() -> None:
    less = replace(UNWRAP_SITE, copies_bytes=UNWRAP_SITE.copies_bytes // 2)
    assert kinds(result(UNWRAP_SITE), result(less)) == ["changed"]


def test_the_same_text_twice_is_two_lines() -> None:
    first, second = at("cachekit/w.py:10"), at("cachekit/w.py:20")
    assert kinds(result(first, second), result(first, second)) == []
    assert kinds(result(first, second), result(first)) == ["gone"]


def test_what_nobody_looked_for_on_one_side_is_no_change() -> None:
    unexamined = replace(UNWRAP_SITE, verbatim_bytes=None, kind="unproven")
    new = result(unexamined, metrics={"copies.total": 1.0})
    assert kinds(result(UNWRAP_SITE), new) == []


def test_without_memray_on_one_side_no_line_is_gone() -> None:
    nothing = replace(MATERIALIZE_SITE, copies_bytes=0)
    assert kinds(result(MATERIALIZE_SITE), result(nothing, metrics={"verbatim.total": 0.0})) == []
    assert kinds(result(MATERIALIZE_SITE), result(metrics={"verbatim.total": 0.0})) == []
