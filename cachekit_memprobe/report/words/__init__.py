"""A report in words: plain rows and phrases, made once, which each renderer only lays out.

Everything here is text without control characters. It isn't escaped for any format: that is the renderer's.
"""

from cachekit_memprobe.report.words.budget import BudgetRow, budget_rows
from cachekit_memprobe.report.words.figures import FigureLine, figure_lines
from cachekit_memprobe.report.words.run import (
    HEADLINE_METRICS,
    SummaryRow,
    not_judged_line,
    scenario_line,
    skipped_lines,
    summary_rows,
    target_words,
    verdict_line,
)
from cachekit_memprobe.report.words.scenario import NativePart, Quotation, Said, ScenarioWords, scenario_words
from cachekit_memprobe.report.words.stages import StageRow, stage_rows, total_row

__all__ = [
    "HEADLINE_METRICS",
    "BudgetRow",
    "FigureLine",
    "NativePart",
    "Quotation",
    "Said",
    "ScenarioWords",
    "StageRow",
    "SummaryRow",
    "budget_rows",
    "figure_lines",
    "not_judged_line",
    "scenario_line",
    "scenario_words",
    "skipped_lines",
    "stage_rows",
    "summary_rows",
    "target_words",
    "total_row",
    "verdict_line",
]
