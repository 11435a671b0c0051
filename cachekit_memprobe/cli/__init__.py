"""The command line: one file a command, each from options to one call to text and an exit code."""

import click

from cachekit_memprobe import __version__
from cachekit_memprobe.cli.doctor import doctor_command
from cachekit_memprobe.cli.explain import explain_command
from cachekit_memprobe.cli.init import init_command
from cachekit_memprobe.cli.list import list_command
from cachekit_memprobe.cli.report import report_command
from cachekit_memprobe.cli.run import run_command
from cachekit_memprobe.cli.show import show_command

__all__ = ["main"]


@click.group(name="cachekit-memprobe", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cachekit-memprobe")
def main() -> None:
    """Say what cachekit's cache reads copy, stage by stage, and fail when they exceed their budget.

    Scenarios of cache reads are replayed in isolated processes, and their memory is watched by several
    instruments. Start with "doctor" to see what can be measured here, and "list" to see the scenarios.
    """


for command in (
    run_command,
    list_command,
    show_command,
    init_command,
    doctor_command,
    report_command,
    explain_command,
):
    main.add_command(command)
