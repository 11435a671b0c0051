"""``report``: judge and show a saved run again."""

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.cli.help import Group, command, option
from cachekit_memprobe.cli.options import (
    parsed_predictions,
    run_argument,
    sort_option,
    workers_option,
)
from cachekit_memprobe.cli.publication import Publication, report_publication
from cachekit_memprobe.cli.publish import publish
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.guesses import guess, some
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, run_folder

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import Asked


@command(
    "report",
    examples=(
        "cachekit-memprobe report last",
        "cachekit-memprobe report last arrow-l1-hit --full",
        "cachekit-memprobe report 20261125T23 'arrow-*' -o report.html",
        "cachekit-memprobe report runs/today --format markdown",
    ),
)
@run_argument
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=completing.measured)
@option(
    "--predict",
    "predict",
    group=Group.SIZES,
    callback=parsed_predictions,
    metavar="SIZE|ROWS[,...]",
    multiple=True,
    help="Also predict the RSS peak at this size, or number of rows. The run must have several sizes.",
)
@sort_option
@workers_option
@report_publication
@exits
def report_command(
    spec: str,
    names: tuple[str, ...],
    predict: "Asked",
    sort: str,
    workers: int | None,
    publication: Publication,
) -> int:
    """Show a saved run again, without measuring anything.

    RUN is the folder that "run" printed or --out named; the id of a run in "runs", or the beginning of it;
    "last" for the newest one there, or "last~1" for the one before. What was observed is judged again,
    against the budgets of that run, and the exit code is that of "run". With a NAME, or a pattern such as
    'arrow-*', the report is of those scenarios only, verdict and exit code included, and shows them in full
    even if they are of a matrix or of several sizes.
    """
    from cachekit_memprobe import pipeline

    publication.check()
    run = RunFolder.open(run_folder(spec))
    report = pipeline.explain(run, predict, sort=sort, workers=workers or 0)
    if predict and not report.run.sweep.sizes:
        raise UsageError(
            f"--predict: {printable(spec)} was measured at one size only; a prediction needs a run "
            "at several sizes"
        )
    if sort and not report.run.sweep.axes:
        raise UsageError(f"--sort: {printable(spec)} has no matrix, whose combinations it would order")
    chosen = _chosen(names, report)
    report = report.only(chosen) if chosen else report
    if predict and not report.scaling:
        raise UsageError("--predict: a prediction needs all sizes of a scenario; name them all, or none")
    publish(report, publication, run, names=chosen)
    return exit_code(report)


def _chosen(patterns: tuple[str, ...], report: Report) -> tuple[str, ...]:
    """The names of the run's scenarios that patterns or names stand for."""
    known = [result.scenario.name for result in report.results]
    chosen = {}
    for pattern in patterns:
        # A name may have characters of a pattern in it.
        matches = [pattern] if pattern in known else [name for name in known if fnmatchcase(name, pattern)]
        if not matches:
            remedy = guess(pattern, known, f"it has {some(known)}")
            raise UsageError(f"the run has no scenario {pattern!r}; {remedy}")
        chosen.update(dict.fromkeys(matches))
    return tuple(chosen)
