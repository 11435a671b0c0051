"""A read in words, for a test's failure and for the summary of a session."""

import io
import linecache
import shutil
import sys
from pathlib import Path

from rich.console import Console

from cachekit_memprobe.metrics import INSTRUMENTS, metric_of
from cachekit_memprobe.report.clean import clean, clean_line
from cachekit_memprobe.report.terminal import render_scenario
from cachekit_memprobe.report.view import rounded, with_status
from cachekit_memprobe.report.words import HEADLINE_METRICS, ended_line
from cachekit_memprobe.result import Report

_NARROWEST, _WIDEST = 72, 200
_PACKAGE = __name__.partition(".")[0]
_PLUGIN = f"{_PACKAGE}.pytest_plugin"


def report_text(report: Report, width: int | None) -> str:
    """The stage table, the figures and the budget of a report's only read, in plain text.

    Args:
        width: of the terminal, in columns; ``None`` if nobody knows.
    """
    columns = min(max(width or shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
    text = io.StringIO()
    console = Console(
        file=text,
        width=columns,
        color_system=None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    (result,) = report.results
    console.print(render_scenario(result, report, width=columns), crop=False)
    return "\n".join(filter(None, (text.getvalue().rstrip(), _not_judged(report), _kept(report))))


def _kept(report: Report) -> str:
    """How to see more of a run that is kept."""
    return f"\ncachekit-memprobe report {report.run_folder.name}" if report.run_folder else ""


def _not_judged(report: Report) -> str:
    """Which limits the instruments leave out."""
    (result,) = report.results
    names = with_status(result, "not_judged")
    needed = {name for metric in names for name in metric_of(metric).instruments}
    lacking = [name for name in INSTRUMENTS if name in needed - set(report.run.options.instruments)]
    if not lacking:
        return ""
    limits = "1 limit is" if len(names) == 1 else f"{len(names)} limits are"
    were = "was" if len(lacking) == 1 else "were"
    return f"\n{limits} not judged, as {' and '.join(lacking)} {were} not run; --memprobe-all runs all"


def summary_line(report: Report) -> str:
    """``NAME: PASS  copies 1.00x  heap 1.00x  rss 1.00x``."""
    (result,) = report.results
    return ended_line(result)


def properties_of(report: Report) -> list[tuple[str, str]]:
    """What JUnit is told: the verdict, and the figures that say most and those that have a limit."""
    (result,) = report.results
    name = f"memprobe.{clean_line(result.scenario.name)}"
    wanted = dict.fromkeys([*HEADLINE_METRICS, *(limit.metric for limit in result.budgets)])
    figures = [
        (f"{name}.{metric}", str(rounded(result.metrics[metric])))
        for metric in wanted
        if metric in result.metrics
    ]
    target = clean_line(report.run.target.words)
    return [(f"{name}.verdict", result.verdict), (f"{name}.target", target), *figures]


def place_in_test(root: Path) -> str:
    """Where the test is, with its line of code: the innermost frame that is not of this package."""
    frame = sys._getframe()
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    source = clean_line(linecache.getline(file, line))
    return clean(f"{_below(root, file)}:{line}: {source}".rstrip(": "))


def _is_ours(module: str) -> bool:
    return module == _PLUGIN or module.startswith(f"{_PACKAGE}.")


def _below(root: Path, file: str) -> str:
    try:
        return Path(file).relative_to(root).as_posix()
    except ValueError:
        return Path(file).name
