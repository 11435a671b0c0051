"""``merge``: join the run folders of shards."""

from functools import partial
from pathlib import Path

import click
from rich.console import Console

from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.cli.help import command
from cachekit_memprobe.cli.options import UserPath, out_option
from cachekit_memprobe.cli.publication import Publication, report_publication
from cachekit_memprobe.cli.publish import publish
from cachekit_memprobe.report.breaches import render_check
from cachekit_memprobe.report.json import to_json
from cachekit_memprobe.report.words import verdict_line
from cachekit_memprobe.result import Report
from cachekit_memprobe.runstore import RunFolder, Summary, check_unused, run_folder

_EXAMPLES = (
    "cachekit-memprobe merge shard-1 shard-2 shard-3",
    "cachekit-memprobe merge shards/* --out runs/nightly --junit report.xml",
)
_EXIT_CODES = (
    (0, "everything was measured and is within its budget"),
    (1, "a budget was exceeded"),
    (2, "the folders don't belong together, or can't be used"),
    (3, "something could not be measured, or a shard is missing"),
)


@command("merge", examples=_EXAMPLES, exit_codes=_EXIT_CODES)
@click.argument(
    "specs", metavar="RUN...", nargs=-1, required=True, type=UserPath(str), shell_complete=completing.runs
)
@out_option
@report_publication
@exits
def merge_command(specs: tuple[str, ...], out: Path | None, publication: Publication) -> int:
    """Join what several machines have measured, each with --shard, to one run.

    Each RUN is the run folder of a shard. The report, the verdict and the exit code are those that one
    machine would have come to. What no shard has measured, such as all of a shard that is missing, could not
    be measured. Folders of different releases, options or commands are refused.
    """
    from cachekit_memprobe import pipeline

    publication.check()
    check_unused(out)
    folders = [RunFolder.open(run_folder(spec)) for spec in specs]
    merged, report = pipeline.merge(folders, out)
    try:
        merged.save_report(to_json(report), Summary.of(report.run, verdict_line(report)))
    finally:
        is_check = report.run.request is not None and report.run.request.command == "check"
        publish(report, publication, merged, brief=partial(_show_check, report) if is_check else None)
    return exit_code(report)


def _show_check(report: Report, console: Console) -> None:
    console.print(render_check(report, width=console.width), crop=False)
