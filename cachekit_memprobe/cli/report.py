"""``report``: judge and show a saved run again."""

from pathlib import Path

import click

from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.exits import exit_code
from cachekit_memprobe.cli.options import json_option
from cachekit_memprobe.cli.publish import check_json_file, publish
from cachekit_memprobe.runstore import RunFolder


@click.command("report")
@click.argument("run_folder", type=click.Path(path_type=Path))
@json_option
@exits
def report_command(run_folder: Path, json_file: str | None) -> int:
    """Show a saved run again, without measuring anything.

    RUN_FOLDER is what "run" printed, or was given with --out. What was observed is attributed and judged
    again, against the budgets of that run, and the exit code is that of "run".
    """
    from cachekit_memprobe import pipeline

    check_json_file(json_file)
    report = pipeline.explain(RunFolder.open(run_folder))
    publish(report, json_file=json_file)
    return exit_code(report)
