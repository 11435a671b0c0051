from dataclasses import replace
from typing import Any

import pytest

from cachekit_memprobe.report.words import ended_line, in_full, scenario_line, shared_words, verdict_line
from cachekit_memprobe.result import BudgetResult, Finding, Report, Result
from cachekit_memprobe.sweep import Sweep
from tests.golden.reports import FILE_GET, FILE_MAP, L1_HIT, NOT_APPLICABLE, UNMEASURED, report_of
from tests.golden.sweeps import BENT, sized, sweep_report

WITHIN = BudgetResult("copies.total", 3.0, 1.0, "error", "within")
NOT_JUDGED = tuple(
    BudgetResult(name, 1.0, None, "error", "not_judged") for name in ("rss.peak", "held.after")
)


@pytest.mark.parametrize(
    ("results", "line"),
    [
        ((L1_HIT,), "FAIL: of 1 scenario, 1 over budget, 1 warning"),
        ((FILE_MAP,), "PASS: of 1 scenario, 1 within budget"),
        ((FILE_GET, FILE_GET), "PASS: of 2 scenarios, 2 within budget, 2 warnings"),
        (
            (L1_HIT, FILE_MAP, NOT_APPLICABLE, UNMEASURED),
            "COULD NOT MEASURE: of 4 scenarios, 1 could not be measured, 1 over budget, 1 within budget, "
            "1 not applicable, 1 warning",
        ),
        ((NOT_APPLICABLE,), "COULD NOT MEASURE: nothing was measured, as no chosen scenario applies"),
        ((), "COULD NOT MEASURE: nothing was measured, as no chosen scenario applies"),
    ],
)
def test_the_last_line_counts_every_outcome(results: tuple[Result, ...], line: str) -> None:
    assert verdict_line(report_of(*results)) == line


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (
            replace(FILE_MAP, budgets=()),
            "arrow-file-mmap: MEASURED  copies 1.00x  heap 1.00x  rss 2.00x; no budget",
        ),
        (replace(FILE_MAP, budgets=(WITHIN,)), "arrow-file-mmap: PASS  copies 1.00x  heap 1.00x  rss 2.00x"),
        (
            FILE_MAP,
            "arrow-file-mmap: PASS  copies 1.00x  heap 1.00x  rss 2.00x; 0 of 1 limit judged "
            "(not measured: peak.tracemalloc)",
        ),
        (
            replace(FILE_MAP, budgets=(WITHIN, *NOT_JUDGED)),
            "arrow-file-mmap: PASS  copies 1.00x  heap 1.00x  rss 2.00x; 1 of 3 limits judged "
            "(not judged: rss.peak, held.after; their instruments were not run)",
        ),
        (
            replace(FILE_MAP, budgets=(*FILE_MAP.budgets, *NOT_JUDGED)),
            "arrow-file-mmap: PASS  copies 1.00x  heap 1.00x  rss 2.00x; 0 of 3 limits judged "
            "(not judged: rss.peak, held.after; their instruments were not run; not measured: "
            "peak.tracemalloc)",
        ),
        (
            replace(L1_HIT, budgets=(*L1_HIT.budgets[:1], *NOT_JUDGED)),
            "arrow-l1-hit: FAIL  copies 2.00x  heap 2.00x  rss 2.00x; copies.unwrap 1.00x over 0.30x "
            "(unwrap at cachekit/serializers/wrapper.py:126); 1 of 3 limits judged "
            "(not judged: rss.peak, held.after; their instruments were not run)",
        ),
        (
            FILE_GET,
            "arrow-file-get: PASS  copies 4.00x  heap 3.00x  rss 3.01x; over in a warning: peak.heap "
            "3.00x over 2.90x "
            "(materialize at cachekit/serializers/arrow_serializer.py:306)",
        ),
        (
            replace(L1_HIT, budgets=L1_HIT.budgets[:1]),
            "arrow-l1-hit: FAIL  copies 2.00x  heap 2.00x  rss 2.00x; copies.unwrap 1.00x over 0.30x "
            "(unwrap at cachekit/serializers/wrapper.py:126)",
        ),
        (
            replace(UNMEASURED, reason="killed\nits stderr ended with:\n  \x1b[31mKilled\x1b[0m\n"),
            "json-l1-hit: COULD NOT MEASURE: killed\n    its stderr ended with:\n      Killed",
        ),
        (
            NOT_APPLICABLE,
            "arrow-file-mmap: does not apply to cachekit 0.9.1: it is for releases >=0.10.0",
        ),
    ],
)
def test_one_scenario_in_one_line(result: Result, line: str) -> None:
    assert scenario_line(result, report_of(result)) == line


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (L1_HIT, "arrow-l1-hit: FAIL  copies 2.00x  heap 2.00x  rss 2.00x"),
        (replace(FILE_MAP, budgets=()), "arrow-file-mmap: MEASURED  copies 1.00x  heap 1.00x  rss 2.00x"),
        (replace(FILE_MAP, metrics={"rss.peak": 2.0}), "arrow-file-mmap: PASS  copies -  heap -  rss 2.00x"),
        (replace(UNMEASURED, reason="killed\nits stderr"), "json-l1-hit: COULD NOT MEASURE: killed"),
        (NOT_APPLICABLE, "arrow-file-mmap: does not apply"),
    ],
)
def test_a_scenario_that_has_ended_is_told_in_one_line(result: Result, line: str) -> None:
    assert ended_line(result) == line


FINE = replace(FILE_MAP, budgets=(WITHIN,))
LEADING = replace(FINE, findings=(Finding("MEM018", "the frame is 6.16x the value", leads=True),))


def at_sizes(*changes: dict[str, Any]) -> Report:
    results = [replace(sized(mb), **change) for mb, change in zip((64, 128, 256), changes, strict=True)]
    return sweep_report(*results, sweep=Sweep(sizes=("64MB", "128MB", "256MB")))


def over(metric: str) -> dict[str, Any]:
    return {"verdict": "fail", "budgets": (BudgetResult(metric, 1.0, 2.0, "error", "over"),)}


def names_of(report: Report, **asked: Any) -> list[int]:
    """The places of those that are shown in full."""
    shown = in_full(report, **asked)
    return [number for number, one in enumerate(report.results) if any(one is other for other in shown)]


@pytest.mark.parametrize(
    ("report", "asked", "shown"),
    [
        (report_of(FINE, NOT_APPLICABLE), {}, [0, 1]),
        (report_of(FINE, NOT_APPLICABLE, FINE), {}, []),
        (report_of(FINE, L1_HIT, UNMEASURED), {}, [1, 2]),
        (report_of(FINE, FILE_GET, LEADING, replace(FINE, notes=("measured again",))), {}, [1, 2, 3]),
        (report_of(FINE, L1_HIT, NOT_APPLICABLE), {"full": True}, [0, 1, 2]),
        (report_of(FINE, L1_HIT), {"names": ("arrow-file-mmap",)}, [0]),
        (BENT, {}, [2]),
        (at_sizes(over("rss.peak"), over("rss.peak"), over("rss.peak")), {}, [2]),
        (at_sizes(over("rss.peak"), over("peak.heap"), over("rss.peak")), {}, [1, 2]),
        (at_sizes(*[{"findings": LEADING.findings, "notes": ("measured again",)}] * 3), {}, []),
    ],
)
def test_in_full_is_shown_what_needs_a_look(
    report: Report, asked: dict[str, object], shown: list[int]
) -> None:
    assert names_of(report, **asked) == shown


def test_what_many_scenarios_share_is_said_once_with_their_names() -> None:
    first, second = Finding("MEM003", "it doesn't see 1.00x"), Finding("MEM003", "it doesn't see 2.00x")
    one = replace(L1_HIT, findings=(first, second, Finding("MEM099", "\x1b[31mso it is")))
    other = replace(FILE_GET, findings=(second,))
    report = report_of(one, other, FILE_MAP, NOT_APPLICABLE)
    rows = shared_words(report.results, report, {"MEM003": "it doesn't see what is held"})
    assert [(row.code, row.sentence, row.names) for row in rows] == [
        ("MEM003", "it doesn't see what is held", ("arrow-l1-hit", "arrow-file-get")),
        ("MEM099", "so it is", ("arrow-l1-hit",)),
        ("", "does not apply to cachekit 0.9.1: it is for releases >=0.10.0", ("arrow-file-mmap",)),
    ]
