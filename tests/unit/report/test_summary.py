from dataclasses import replace

import pytest

from cachekit_memprobe.report.words import scenario_line, verdict_line
from cachekit_memprobe.result import BudgetResult, Result
from tests.golden.reports import FILE_GET, FILE_MAP, L1_HIT, NOT_APPLICABLE, UNMEASURED, report_of

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
        (replace(FILE_MAP, budgets=()), "arrow-file-mmap: MEASURED, no budget"),
        (replace(FILE_MAP, budgets=(WITHIN,)), "arrow-file-mmap: PASS"),
        (FILE_MAP, "arrow-file-mmap: PASS, 0 of 1 limit judged (not measured: peak.tracemalloc)"),
        (
            replace(FILE_MAP, budgets=(WITHIN, *NOT_JUDGED)),
            "arrow-file-mmap: PASS, 1 of 3 limits judged "
            "(not judged: rss.peak, held.after; their instruments were not run)",
        ),
        (
            replace(FILE_MAP, budgets=(*FILE_MAP.budgets, *NOT_JUDGED)),
            "arrow-file-mmap: PASS, 0 of 3 limits judged "
            "(not judged: rss.peak, held.after; their instruments were not run; not measured: "
            "peak.tracemalloc)",
        ),
        (
            replace(L1_HIT, budgets=(*L1_HIT.budgets[:1], *NOT_JUDGED)),
            "arrow-l1-hit: FAIL: copies.unwrap 1.00x over 0.30x "
            "(unwrap at cachekit/serializers/wrapper.py:126); 1 of 3 limits judged "
            "(not judged: rss.peak, held.after; their instruments were not run)",
        ),
        (
            FILE_GET,
            "arrow-file-get: PASS, over in a warning: peak.heap 3.00x over 2.90x "
            "(materialize at cachekit/serializers/arrow_serializer.py:306)",
        ),
        (
            replace(L1_HIT, budgets=L1_HIT.budgets[:1]),
            "arrow-l1-hit: FAIL: copies.unwrap 1.00x over 0.30x "
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
