"""Where a report goes and how it is shown, as the command line says it."""

from dataclasses import dataclass

from cachekit_memprobe.cli.flamegraph import flamegraph_option, pages_beside
from cachekit_memprobe.cli.formats import REPORT_FORMATS
from cachekit_memprobe.cli.gathered import gathered
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.cli.options import full_option
from cachekit_memprobe.cli.outputs import (
    Output,
    check_outputs,
    file_options,
    format_options,
    no_source_option,
)
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
    """

    full: bool
    files: tuple[Output[Report], ...]
    flamegraph: bool
    no_source: bool
    output: Output[Report] | None = None
    quiet: bool = False

    @property
    def outputs(self) -> tuple[Output[Report], ...]:
        return (*self.files, *([self.output] if self.output else []))

    def check(self) -> None:
        """Refuse, before anything slow begins, what can't be written afterwards.

        Raises:
            UsageError: a file can't be written, two have one, or flame graphs have no page.
        """
        check_outputs(self.outputs)
        if self.flamegraph:
            pages_beside(self.outputs)


run_publication = gathered(
    "publication",
    Publication,
    full_option,
    file_options(REPORT_FORMATS),
    flamegraph_option,
    no_source_option,
    option(
        "--quiet",
        "-q",
        is_flag=True,
        help="Print one line for each scenario instead of tables, and no progress.",
    ),
    group=Group.OUTPUT,
)

report_publication = gathered(
    "publication",
    Publication,
    full_option,
    format_options(REPORT_FORMATS),
    file_options(REPORT_FORMATS),
    flamegraph_option,
    no_source_option,
    group=Group.OUTPUT,
)
