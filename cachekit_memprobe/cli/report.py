"""``report``: judge and show a saved run again."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.cli.options import (
    UserPath,
    parsed_predictions,
    sort_option,
    workers_option,
)
from cachekit_memprobe.cli.outputs import Output, check_outputs, file_options, format_options
from cachekit_memprobe.cli.publish import publish
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.report.formats import REPORT_FORMATS
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import Asked


@click.command("report")
@click.argument("run_folder", type=UserPath())
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--predict",
    "predict",
    callback=parsed_predictions,
    metavar="SIZE|ROWS[,...]",
    multiple=True,
    help="Also predict the RSS peak at this size, or number of rows. The run must have several sizes.",
)
@sort_option
@workers_option
@format_options(REPORT_FORMATS)
@file_options(REPORT_FORMATS)
@exits
def report_command(
    run_folder: Path,
    names: tuple[str, ...],
    predict: "Asked",
    sort: str,
    workers: int | None,
    output: Output[Report] | None,
    files: tuple[Output[Report], ...],
) -> int:
    """Show a saved run again, without measuring anything.

    RUN_FOLDER is the folder that "run" printed, or that --out named. What was observed there is judged
    again, against the budgets of that run, and the exit code is that of "run". With a NAME, only that
    scenario is shown, in full, even if it is one of a matrix or of several sizes.
    """
    from cachekit_memprobe import pipeline

    check_outputs([*files, *([output] if output else [])])
    report = pipeline.explain(RunFolder.open(run_folder), predict, sort=sort, workers=workers or 0)
    if predict and not report.run.sweep.sizes:
        raise UsageError(
            f"--predict: {printable(run_folder)} was measured at one size only; a prediction needs a run "
            "at several sizes"
        )
    if sort and not report.run.sweep.axes:
        raise UsageError(f"--sort: {printable(run_folder)} has no matrix, whose combinations it would order")
    publish(report, files=files, output=output, names=_known(names, report))
    return exit_code(report)


def _known(names: tuple[str, ...], report: Report) -> tuple[str, ...]:
    known = [result.scenario.name for result in report.results]
    for name in names:
        if name not in known:
            raise UsageError(f"the run has no scenario {name!r}; it has {', '.join(known)}")
    return names
