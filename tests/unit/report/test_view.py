from dataclasses import replace

import pytest

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.model import Payload
from cachekit_memprobe.report import view
from cachekit_memprobe.result import BudgetResult, Result, Verdict
from tests.golden.reports import (
    L1_HIT,
    LOGICAL_BYTES,
    NOT_APPLICABLE,
    PAYLOAD,
    TARGET,
    UNWRAP_PLACE,
    UNWRAP_SITE,
    report_of,
    site,
    stage,
)


def test_published_figures_have_four_decimals_and_no_negative_zero() -> None:
    assert view.rounded(1.234567) == 1.2346
    assert str(view.rounded(-0.000001)) == "0.0"


def test_without_a_payload_there_are_no_multiples_of_it() -> None:
    assert view.in_payloads(5, None) == 0.0


@pytest.mark.parametrize(
    ("file", "line", "shown"),
    [
        ("cachekit/serializers/wrapper.py", 126, "serializers/wrapper.py:126"),
        ("pandas/core/frame.py", 7, "pandas/core/frame.py:7"),
        ("mycachekit/cachekit/x.py", 7, "mycachekit/cachekit/x.py:7"),
        ("cachekit/x.py", 0, "x.py"),
    ],
)
def test_a_location_is_below_the_package(file: str, line: int, shown: str) -> None:
    assert view.location(Place("decode", "f", file, line)) == shown


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (UNWRAP_PLACE, "unwrap at cachekit/serializers/wrapper.py:126"),
        (Place("decompress", "arrow::ipc::DecompressBuffer"), "decompress"),
        (Place("unwrap", "f", "cachekit/x.py"), "unwrap at cachekit/x.py"),  # never ":0"
    ],
)
def test_a_suspect_is_a_line_of_a_stage_or_the_stage_alone(place: Place, words: str) -> None:
    assert view.suspect_words(place) == words


def test_a_native_site_is_shown_by_its_function() -> None:
    native = replace(UNWRAP_SITE, place=Place("decompress", "arrow::ipc::DecompressBuffer"))
    assert view.site_location(native) == "arrow::ipc::DecompressBuffer"


def test_stages_that_took_no_part_are_left_out_but_other_never_is() -> None:
    stages = (stage("l1_get"), stage("backend_get", calls=0), stage("unwrap", UNWRAP_SITE, calls=0))
    shown = view.shown_stages(replace(L1_HIT, stages=stages))
    assert [entry.name for entry in shown] == ["l1_get", "unwrap", "other"]
    assert view.shown_stages(replace(L1_HIT, stages=())) == ()


def test_the_rows_of_a_stage_add_up_to_the_stage() -> None:
    sites = [
        site(f"cachekit/a.py:{line}", payloads, "unproven") for line, payloads in enumerate((1, 0.5), start=1)
    ]
    small = [site(f"cachekit/b.py:{line}", 0.004, "unproven") for line in range(3)]
    usage = stage("decode", *sites, *small, extra=0.001)

    rows = view.site_rows(usage, PAYLOAD)

    assert [row.where for row in rows] == ["a.py:1", "a.py:2", "3 small sites"]
    assert sum(row.copies for row in rows) == pytest.approx(usage.copies_bytes / LOGICAL_BYTES)


def test_small_sites_that_come_to_nothing_have_no_row() -> None:
    usage = stage(
        "decode", site("cachekit/a.py:1", 1, "unproven"), site("cachekit/a.py:2", 0.001, "unproven")
    )
    assert [row.where for row in view.site_rows(usage, PAYLOAD)] == ["a.py:1"]


def test_a_stage_that_allocates_nothing_has_one_row_that_says_so() -> None:
    usage = stage("unwrap", site("cachekit/a.py:1", 0.001, "unproven"))
    assert view.site_rows(usage, PAYLOAD) == (view.SiteRow("-", 0.001, 0.0, ""),)


@pytest.mark.parametrize(
    ("seen", "copies", "words"),
    [(1.0, 1.0, "1.00x"), (0.001, 1.0, "no"), (0.0, 0.0, "0.00x"), (None, 1.0, "-"), (0.5, 1.0, "0.50x")],
)
def test_what_tracemalloc_sees_of_a_stage(seen: float | None, copies: float, words: str) -> None:
    assert view.traced(stage("decode", traced=seen, extra=copies), PAYLOAD) == words


def test_labels_name_the_stage() -> None:
    assert view.metric_label("copies.unwrap") == "copies, unwrap"
    assert view.metric_label("rss.peak") == "RSS peak"


def test_which_metrics_depend_on_the_allocators() -> None:
    assert view.is_rss("growth.per_read")
    assert not view.is_rss("peak.heap")


@pytest.mark.parametrize(
    ("spec", "shown"),
    [("0.9.1", "0.9.1"), ("/home/me/venv/bin/python3", "python3"), (r"C:\py\python.exe", "python.exe")],
)
def test_an_interpreter_is_shown_without_its_folder(spec: str, shown: str) -> None:
    assert view.public_spec(replace(TARGET, spec=spec)) == shown


def test_an_unmeasured_result_always_has_a_reason() -> None:
    bare = replace(L1_HIT, verdict="unmeasured", reason=None, budgets=())
    missing = replace(L1_HIT.budgets[0], status="unmeasured", observed=None)
    assert view.why_unmeasured(bare) == "no reason was given"
    assert view.why_unmeasured(replace(bare, budgets=(missing,))) == "nothing measured for copies.unwrap"
    assert view.why_unmeasured(replace(bare, reason="killed")) == "killed"


def test_what_does_not_apply_says_to_what_it_would() -> None:
    words = view.why_not_applicable(NOT_APPLICABLE, report_of(NOT_APPLICABLE))
    assert words == "does not apply to cachekit 0.9.1: it is for releases >=0.10.0"


def with_verdict(verdict: Verdict) -> Result:
    return replace(L1_HIT, verdict=verdict)


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        (("pass",), "pass"),
        (("pass", "not_applicable"), "pass"),
        (("pass", "fail"), "fail"),
        (("pass", "fail", "not_applicable"), "fail"),
        (("pass", "unmeasured"), "unmeasured"),
        (("fail", "unmeasured"), "unmeasured"),
        (("pass", "fail", "unmeasured", "not_applicable"), "unmeasured"),
        (("not_applicable",), "unmeasured"),
        ((), "unmeasured"),
    ],
)
def test_the_verdict_on_a_run(verdicts: tuple[Verdict, ...], outcome: Verdict) -> None:
    assert view.outcome(report_of(*map(with_verdict, verdicts))) == outcome


def test_a_kind_that_nobody_looked_for_is_none() -> None:
    looked = site("cachekit/x.py:1", 1.0, "unproven")
    nobody = replace(looked, verbatim_bytes=None)
    kinds = [view.site_rows(stage("decode", one), PAYLOAD)[0].kind for one in (looked, nobody)]
    assert kinds == ["unproven", "-"]


def test_without_a_budget_a_scenario_is_measured_and_no_more() -> None:
    assert view.verdict_word(replace(L1_HIT, verdict="pass", budgets=())) == "MEASURED"
    assert view.verdict_word(replace(L1_HIT, verdict="pass")) == "PASS"


@pytest.mark.parametrize(
    ("limit", "observed", "expected"),
    [
        (1.3, 2.0, ("2.00x", "1.30x", "0.70x")),
        (0.0, 3200 / (64 << 20), ("3.1 KiB", "0 B", "3.1 KiB")),
        (1.3, 1.3 + 300 * 1024 / (64 << 20), ("83.5 MiB", "83.2 MiB", "300.0 KiB")),
        (1.0, 1.0 + 512 / (64 << 20), ("67109376B", "64MiB", "512B")),
    ],
)
def test_what_is_over_a_limit_is_told_apart_from_it(
    limit: float, observed: float, expected: tuple[str, str, str]
) -> None:
    over = BudgetResult("copies.total", limit, observed, "error", "over")
    assert view.apart(over, Payload(64 << 20, 64 << 20)) == expected
