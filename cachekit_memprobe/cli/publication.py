"""Where a report goes and how it is shown, as the command line says it."""

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cachekit_memprobe.checkout import Checkout
from cachekit_memprobe.cli.flamegraph import flamegraph_option, pages_beside
from cachekit_memprobe.cli.formats import REPORT_FORMATS
from cachekit_memprobe.cli.gathered import gathered
from cachekit_memprobe.cli.github import github_option
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.cli.options import full_option
from cachekit_memprobe.cli.outputs import (
    Output,
    check_outputs,
    file_options,
    format_options,
    no_source_option,
)
from cachekit_memprobe.report.gitlab import to_gitlab
from cachekit_memprobe.result import Report


@dataclass(frozen=True)
class Publication:
    """What becomes of a report.

    Attributes:
        full: which scenarios the tables show in full, see :func:`.report.terminal.render_report`.
        files: are written besides the tables.
        flamegraph: beside the pages among them.
        no_source: what is written is :func:`.report.private.without_source`.
        output: takes the place of the tables.
        quiet: one line a scenario in their place.
        github: a job on GitHub is told as well.
        project: the folder of its configuration; ``None`` where no command knows it.
    """

    full: bool
    files: tuple[Output[Report], ...]
    flamegraph: bool
    no_source: bool
    output: Output[Report] | None = None
    quiet: bool = False
    github: bool = False
    project: Path | None = None

    @property
    def outputs(self) -> tuple[Output[Report], ...]:
        return (*self.files, *([self.output] if self.output else []))

    @property
    def checkout(self) -> Checkout:
        """The repository in which the limits' files are."""
        return Checkout.around(self.project or Path.cwd(), os.environ)

    def within(self, project: Path) -> "Publication":
        """The same for the limits of a project."""
        placed = replace(self, project=project)
        render = partial(to_gitlab, checkout=placed.checkout)
        files = (
            replace(one, format=replace(one.format, render=render)) if one.format.name == "gitlab" else one
            for one in self.files
        )
        return replace(placed, files=tuple(files))

    @property
    def takes_stdout(self) -> bool:
        """Whether a format is written there, so that nothing else may be."""
        return any(one.is_stdout for one in self.outputs)

    def check(self) -> None:
        """Refuse, before anything slow begins, what can't be written afterwards.

        Raises:
            UsageError: a file can't be written, two have one, or flame graphs have no page.
        """
        check_outputs(self.outputs)
        if self.flamegraph:
            pages_beside(self.outputs)


_quiet_option = option(
    "--quiet", "-q", is_flag=True, help="Print one line for each scenario instead of tables, and no progress."
)

run_publication, check_publication = (
    gathered(
        "publication",
        Publication,
        full_option,
        file_options(REPORT_FORMATS),
        github_option(by_itself=by_itself),
        flamegraph_option,
        no_source_option,
        _quiet_option,
        group=Group.OUTPUT,
    )
    for by_itself in (False, True)
)

report_publication = gathered(
    "publication",
    Publication,
    full_option,
    format_options(REPORT_FORMATS),
    file_options(REPORT_FORMATS),
    github_option(by_itself=False),
    flamegraph_option,
    no_source_option,
    group=Group.OUTPUT,
)
