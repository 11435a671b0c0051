"""What a job on GitHub is told besides: annotations on lines of the repository, and its step's summary."""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from cachekit_memprobe.checkout import Checkout
from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli.console import stderr_console
from cachekit_memprobe.cli.help import option
from cachekit_memprobe.report.github import step_summary, to_github
from cachekit_memprobe.result import Report

_ACTIONS = "GITHUB_ACTIONS"
_SUMMARY = "GITHUB_STEP_SUMMARY"


def github_option(*, by_itself: bool) -> Callable[[Any], Any]:
    """``--github``; ``by_itself`` it is on wherever a job of GitHub's runs."""

    def decided(ctx: click.Context, param: click.Parameter, value: bool | None) -> bool:
        return by_itself and os.environ.get(_ACTIONS) == "true" if value is None else value

    return option(
        "--github/--no-github",
        "github",
        default=None,
        callback=decided,
        help="Tell a job of GitHub Actions: annotations on the lines of the limits that are exceeded, and "
        f"the report in the job's summary.  [default: {'on in such a job' if by_itself else 'off'}]",
    )


def without_commands(show: Callable[[Console], None]) -> Callable[[Console], None]:
    """Show the same, so that names and messages in it are no workflow commands of the job's."""

    def guarded(console: Console) -> None:
        if console.file not in (sys.stdout, sys.stderr):
            show(console)
            return
        token = secrets.token_hex(16)
        console.out(f"::stop-commands::{token}", highlight=False)
        try:
            show(console)
        finally:
            console.out(f"::{token}::", highlight=False)

    return guarded


def tell_github(report: Report, checkout: Checkout, *, err: bool) -> None:
    """Print the annotations, and append the report to the step's summary, if there is one.

    A summary that can't be written is no reason to lose a verdict: it is said.
    """
    click.echo(to_github(report, checkout).encode("utf-8", "replace"), nl=False, err=err)
    if not (named := os.environ.get(_SUMMARY)):
        return
    try:
        _append(report, Path(named))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        stderr_console().print(f"the job's summary can't be written: {printable(named)}: {reason}")


def _append(report: Report, file: Path) -> None:
    there_bytes = file.stat().st_size if file.exists() else 0
    text = step_summary(report, there_bytes)
    if not text:
        stderr_console().print("the job's summary has no room for the report: GitHub allows 1 MiB for a step")
    with file.open("a", encoding="utf-8", errors="replace") as summary:
        summary.write(text)
