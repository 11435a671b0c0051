"""Whole outputs at a fixed width. To accept a change: UPDATE_GOLDEN=1, then read the diff."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from cachekit_memprobe.child.stages import Place
from cachekit_memprobe.metrics import QUICK
from cachekit_memprobe.model import Limit
from cachekit_memprobe.report.terminal import render_report
from cachekit_memprobe.result import BudgetResult, Finding, Report, Suspect
from cachekit_memprobe.variables import UNRECORDED
from tests.golden.reports import (
    FILE_GET,
    FILE_MAP,
    L1_HIT,
    NOT_APPLICABLE,
    OPTIONS,
    SCENARIO,
    UNMEASURED,
    UNWRAP_PLACE,
    UNWRAP_SITE,
    report_of,
    site,
    stage,
)
from tests.golden.sweeps import BENT, MATRIX, MATRIX_AT_SIZES, SIZES, TWO_SIZES, WIDE
from tests.golden.whole import assert_golden

AS_DEPLOYED = replace(OPTIONS, as_deployed=True, repeat=3)

TITLES = {"MEM003": "tracemalloc doesn't see what a stage holds"}
COLLECTED = replace(
    FILE_MAP,
    scenario=replace(FILE_MAP.scenario, name="bytes-file-get-of-a-long-name"),
    findings=(
        Finding("MEM003", "tracemalloc doesn't see 1.00x"),
        Finding("MEM099", "it is so", UNWRAP_PLACE),
    ),
)
MANY = tuple(
    replace(COLLECTED, scenario=replace(SCENARIO, name=f"{name}-l1-hit"), findings=COLLECTED.findings[:1])
    for name in ("arrow", "arrow-lz4", "arrow-zstd", "bytes", "json", "ndarray")
)

REPORTS = {
    "many": report_of(*MANY, COLLECTED, L1_HIT, NOT_APPLICABLE),
    "several-fail": report_of(
        *(replace(L1_HIT, scenario=replace(SCENARIO, name=f"{name}-l1-hit")) for name in ("a", "b", "c")),
        COLLECTED,
    ),
    "headline": report_of(L1_HIT),
    "every-verdict": report_of(L1_HIT, FILE_GET, FILE_MAP, NOT_APPLICABLE, UNMEASURED),
    "as-deployed": report_of(L1_HIT, FILE_MAP, options=AS_DEPLOYED, folder=None),
    "sizes": SIZES,
    "sizes-no-line": BENT,
    "two-sizes": TWO_SIZES,
    "matrix": MATRIX,
    "matrix-wide": WIDE,
    "matrix-at-sizes": MATRIX_AT_SIZES,
}


def printed(report: Report, width: int, *, colours: bool = False, **shown: Any) -> str:
    """``shown`` says what is shown in full."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        color_system="standard" if colours else None,
        force_terminal=colours,
        _environ={},
    )
    shown_report = render_report(report, width=width, titles=TITLES, **shown)
    console.print(shown_report, crop=False)
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", REPORTS)
def test_whole_report(name: str, width: int) -> None:
    assert_golden(printed(REPORTS[name], width), f"{name}-{width}")


@pytest.mark.parametrize("width", [72, 80, 100, 120, 200])
@pytest.mark.parametrize("name", REPORTS)
def test_every_line_fits_and_has_no_trailing_blanks(name: str, width: int) -> None:
    lines = printed(REPORTS[name], width).splitlines()
    assert max(cell_len(line) for line in lines if not line.startswith("one in full: ")) <= width
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [72, 80])
def test_no_figure_is_cut_even_where_many_are_wide(width: int) -> None:
    wide = stage(
        "materialize",
        site("cachekit/serializers/encryption_wrapper.py:1679", 112.25, "transformed", survived=110.5),
        live=110.5,
        traced=111.75,
    )
    text = printed(report_of(replace(L1_HIT, stages=(wide,))), width)
    row = next(line for line in text.splitlines() if line.startswith("materialize"))
    assert row.split()[2:] == ["112.25x", "transformed", "110.50x", "111.75x"]
    assert row.split()[1].endswith("wrapper.py:1679" if width == 72 else "/encryption_wrapper.py:1679")


def test_the_sizes_stand_before_what_is_wrong_with_them() -> None:
    text = printed(BENT, 80)
    assert text.index("arrow-l1-hit: 3 sizes") < text.index("arrow-l1-hit@256MB: FAIL")


def test_what_has_to_be_known_of_all_sizes_is_said_once_before_their_figures() -> None:
    results = [
        replace(one, findings=(Finding("MEM018", f"the frame of {one.scenario.name} is large", leads=True),))
        for one in SIZES.results
    ]
    text = printed(replace(SIZES, results=tuple(results)), 80)
    assert text.count("MEM018") == 1
    assert text.index("MEM018 the frame of arrow-l1-hit@256MB is large (3 scenarios):") < text.index(
        "3 sizes"
    )
    assert "tier l1" not in text


def test_in_full_says_all_of_each_however_many_they_are() -> None:
    text = printed(REPORTS["several-fail"], 80, full=True)
    assert text.count("growth.per_read  growth per read") == 3
    assert text.count("MEM002 a tracemalloc window") == 3


def test_a_command_is_pasted_as_one_however_long_it_is() -> None:
    text = printed(replace(REPORTS["matrix-wide"], run_folder=Path("a" * 60, "b" * 60)), 80)
    command = f"cachekit-memprobe report {'a' * 60}/{'b' * 60} {WIDE.results[0].scenario.name}"
    assert f"\none in full: {command}\n" in text
    assert f"\nrun folder: {'a' * 60}/{'b' * 60}\n" in text


def test_without_a_terminal_there_are_no_escape_sequences() -> None:
    assert "\x1b" not in printed(REPORTS["every-verdict"], 80)


def test_verdicts_and_avoidable_copies_stand_out() -> None:
    text = printed(report_of(L1_HIT), 80, colours=True)
    assert "\x1b[1;31mFAIL\x1b[0m" in text
    assert "\x1b[1;31mverbatim" in text


def in_file(file: str) -> Place:
    return replace(UNWRAP_PLACE, file=file)


def test_text_from_outside_is_neither_markup_nor_control_sequence() -> None:
    hostile = "[red]x[/red] \x1b[2Jy :smile:"
    result = replace(
        L1_HIT,
        scenario=replace(L1_HIT.scenario, name=f"n {hostile}", summary=f"s {hostile}"),
        stages=(stage("unwrap", replace(UNWRAP_SITE, source=f"c {hostile}", place=in_file(f"f {hostile}"))),),
        budgets=(replace(L1_HIT.budgets[0], suspects=(Suspect(in_file(f"b {hostile}")),)),),
        findings=(replace(L1_HIT.findings[0], message=f"m {hostile}"),),
    )
    unmeasured = replace(UNMEASURED, reason=f"r {hostile}")
    text = printed(report_of(result, unmeasured), 200)
    for prefix in "nscfbmr":
        assert f"{prefix} [red]x[/red] y :smile:" in text
    assert "\x1b" not in text


def test_a_limit_in_rss_is_marked_as_deployed_and_others_are_not() -> None:
    text = printed(report_of(L1_HIT, options=AS_DEPLOYED), 260)
    _, _, budget = text.partition("\nbudget  ")
    marked = [line.split("  ")[0] for line in budget.splitlines() if "as deployed" in line]
    assert marked == ["rss.peak", "growth.per_read"]


def test_a_location_that_the_sentence_names_is_not_repeated() -> None:
    finding = replace(L1_HIT.findings[0], message="serializers/wrapper.py:126 copies")
    text = printed(report_of(replace(L1_HIT, findings=(finding,))), 80)
    assert "MEM001 serializers/wrapper.py:126 copies\n" in text


def test_what_was_measured_of_an_unmeasured_scenario_is_shown_beside_the_reason() -> None:
    result = replace(L1_HIT, verdict="unmeasured", reason="the memray child hung", stages=())
    text = printed(report_of(result), 80)
    assert "the memray child hung" in text
    assert "RSS          peak 2.00x" in text
    assert "stage " not in text


def test_a_scenario_without_a_budget_says_that_it_can_not_fail() -> None:
    result = replace(L1_HIT, verdict="pass", budgets=())
    assert "budget: none" in printed(report_of(result), 80)


def test_limits_that_no_instrument_was_run_for_are_told_and_counted() -> None:
    limits = tuple(Limit(metric, 1.0, None, "error") for metric in ("copies.total", "rss.peak", "held.after"))
    scenario = replace(L1_HIT.scenario, budget=limits)
    copies = BudgetResult("copies.total", 3.0, 2.0, "error", "within")
    others = [BudgetResult(metric, 1.0, None, "error", "not_judged") for metric in ("rss.peak", "held.after")]
    narrow = replace(OPTIONS, instruments=("memray",))
    result = replace(L1_HIT, scenario=scenario, budgets=(copies, *others), verdict="pass")
    text = printed(report_of(result, options=narrow), 100)
    rows = [line.split() for line in text.splitlines() if line.endswith("-           not judged")]
    assert [(row[0], row[-4:]) for row in rows] == [
        ("rss.peak", ["1.00x", "-", "not", "judged"]),
        ("held.after", ["1.00x", "-", "not", "judged"]),
    ]
    assert (
        "2 limits not judged (rss.peak, held.after): the instruments rss and retention were not run; run "
        "without --instrument to judge them"
    ) in " ".join(text.split())
    assert "PASS: of 1 scenario, 1 within budget, 2 limits not judged" in text
    nothing = replace(result, budgets=tuple(others), verdict="unmeasured", reason="no limit could be judged")
    text = printed(report_of(nothing, options=replace(OPTIONS, instruments=("tracemalloc",))), 100)
    assert "budget: none" not in text
    assert "2 limits not judged" in text


def test_after_a_quick_run_the_remedy_is_to_leave_that_out() -> None:
    limit = BudgetResult("held.after", 1.0, None, "error", "not_judged")
    result = replace(L1_HIT, budgets=(*L1_HIT.budgets, limit))
    text = printed(report_of(result, options=replace(OPTIONS, instruments=QUICK)), 100)
    assert (
        "1 limit not judged (held.after): the retention instrument was not run; run without --quick to "
        "judge it"
    ) in " ".join(text.split())


def test_without_memray_the_copies_are_unknown_and_not_0() -> None:
    result = replace(L1_HIT, metrics={"peak.tracemalloc": 2.0}, stages=(stage("unwrap", traced=1.0),))
    lines = printed(report_of(result), 80).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.startswith(("unwrap ", "total "))}
    assert rows["unwrap"] == ["-", "-", "-", "1.00x"]
    assert rows["total"] == ["verbatim", "0.00x", "-", "-"]


def test_a_copy_that_is_only_partly_verbatim_is_called_so() -> None:
    mixed = replace(UNWRAP_SITE, kind="mixed")
    text = printed(report_of(replace(L1_HIT, stages=(stage("unwrap", mixed),))), 80)
    assert "    serializers/wrapper.py:126 (partly)  payload = bytes(" in text


def test_a_spread_is_shown_only_of_repeated_processes() -> None:
    assert "spread" not in printed(report_of(L1_HIT), 80)
    repeated = printed(report_of(L1_HIT, options=replace(OPTIONS, repeat=3)), 80)
    assert "peak 2.00x 601.2 MB (spread 0.01x over 3 processes)," in repeated


def test_what_happened_while_it_was_measured_is_told() -> None:
    text = printed(report_of(replace(L1_HIT, notes=("a process was measured again",))), 80)
    assert "note a process was measured again" in text


def test_a_finding_that_leads_stands_before_any_figure() -> None:
    leading = Finding("MEM018", "the frame is 6.16x the value", leads=True)
    text = printed(report_of(replace(L1_HIT, findings=(*L1_HIT.findings, leading))), 80)
    assert text.count("MEM018") == 1
    assert text.index("MEM018") < text.index("unwrap") < text.index("MEM001")


def test_what_the_file_holds_and_which_variables_are_given_is_said() -> None:
    scenario = replace(
        L1_HIT.scenario,
        value=replace(L1_HIT.scenario.value, holds="3 rows, 1 column: 1 str"),
        environment={"MALLOC_ARENA_MAX": "2", "FOO": UNRECORDED},
    )
    lines = printed(report_of(replace(L1_HIT, scenario=scenario)), 80).splitlines()
    assert "environment: MALLOC_ARENA_MAX=2, FOO" in lines
    assert "the file holds 3 rows, 1 column: 1 str" in lines


def test_as_deployed_says_what_was_kept() -> None:
    options = replace(AS_DEPLOYED, kept_environment={"LD_PRELOAD": "libjemalloc.so.2"})
    text = printed(report_of(L1_HIT, options=options), 100)
    assert "RSS as deployed: allocators not pinned; kept LD_PRELOAD=libjemalloc.so.2" in text
