"""A report in words: plain rows and phrases, made once, which each renderer only lays out.

Everything here is text without control characters. It isn't escaped for any format: that is the renderer's.
"""

from cachekit_memprobe.report.words.allowances import allowance_words
from cachekit_memprobe.report.words.budget import BudgetRow, budget_rows
from cachekit_memprobe.report.words.chart import TextChart, text_chart
from cachekit_memprobe.report.words.condensed import Condensed, condensed
from cachekit_memprobe.report.words.figures import FigureLine, figure_lines
from cachekit_memprobe.report.words.headline import main_point
from cachekit_memprobe.report.words.matrix import matrix_sections
from cachekit_memprobe.report.words.reproduce import command_words
from cachekit_memprobe.report.words.run import (
    HEADLINE_METRICS,
    SummaryRow,
    ended_line,
    modified_lines,
    not_judged_line,
    scenario_line,
    skipped_lines,
    summary_rows,
    target_words,
    verdict_line,
)
from cachekit_memprobe.report.words.scaling import prediction_lines, scaling_meaning, scaling_sections
from cachekit_memprobe.report.words.scenario import NativePart, Quotation, Said, ScenarioWords, scenario_words
from cachekit_memprobe.report.words.shared import Shared, in_full, said_first, shared_words
from cachekit_memprobe.report.words.stages import StageRow, stage_rows, total_row
from cachekit_memprobe.report.words.tables import Column, Section, TextTable
from cachekit_memprobe.report.words.workers import worker_lines, workers_section

__all__ = [
    "HEADLINE_METRICS",
    "BudgetRow",
    "Column",
    "Condensed",
    "FigureLine",
    "NativePart",
    "Quotation",
    "Said",
    "ScenarioWords",
    "Section",
    "Shared",
    "StageRow",
    "SummaryRow",
    "TextChart",
    "TextTable",
    "allowance_words",
    "budget_rows",
    "command_words",
    "condensed",
    "ended_line",
    "figure_lines",
    "in_full",
    "main_point",
    "matrix_sections",
    "modified_lines",
    "not_judged_line",
    "prediction_lines",
    "said_first",
    "scaling_meaning",
    "scaling_sections",
    "scenario_line",
    "scenario_words",
    "shared_words",
    "skipped_lines",
    "stage_rows",
    "summary_rows",
    "target_words",
    "text_chart",
    "total_row",
    "verdict_line",
    "worker_lines",
    "workers_section",
]
