"""Where to look, of a limit that is over and has no line."""

from dataclasses import replace

import pytest

from cachekit_memprobe.metrics import INSTRUMENTS, RSS
from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.report.words.budget import budget_rows
from cachekit_memprobe.result import BudgetResult
from tests.golden.reports import L1_HIT


@pytest.mark.parametrize(
    ("metric", "instruments", "remark"),
    [
        ("rss.peak", INSTRUMENTS, "no line is known that explains it"),
        ("rss.peak", (RSS,), "memray tells the lines, and was not run"),
        ("growth.per_read", (RSS,), "no line is known that explains it"),
    ],
)
def test_why_no_line_is_named(metric: str, instruments: tuple[str, ...], remark: str) -> None:
    result = replace(L1_HIT, budgets=(BudgetResult(metric, 1.0, 2.0, "error", "over"),))
    (row,) = budget_rows(result, RunOptions(instruments))
    assert row.remarks[0] == remark
