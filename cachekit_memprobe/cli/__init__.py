"""The command line: one file a command, each from options to one call to text and an exit code."""

from collections.abc import Mapping
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from cachekit_memprobe import __version__
from cachekit_memprobe.cli.help import Commands

__all__ = ["COMMANDS", "main"]

_WIDEST = 100
"""Longer lines are hard to read, however wide the terminal is."""

COMMANDS: Mapping[str, str] = {
    "bisect": "Find the commit of cachekit that made a read worse, or mended it.",
    "check": "Judge a project's reads against the budgets that live with it.",
    "compare": "Compare two runs, or two releases, with each other.",
    "completion": "Print the script by which bash, zsh or fish completes.",
    "doctor": "Say what can and can't be measured here.",
    "explain": "Explain a finding, a stage or a metric.",
    "history": "Say which release changed what a read costs.",
    "init": "Write a scenario with a budget for a project to keep.",
    "list": "List the bundled scenarios, and which can run here.",
    "merge": "Join the run folders of shards.",
    "report": "Show a saved run again, without measuring anything.",
    "run": "Replay cache reads and judge them against their memory budgets.",
    "runs": "List saved runs, remove old ones, or export their figures.",
    "show": "Show one scenario with its budget.",
}
"""Each is ``NAME_command`` in the module of its name, which is imported when the command is called: help on
all of them, and the start of each, doesn't wait for the others."""


class _Commands(Commands):
    def list_commands(self, ctx: click.Context) -> list[str]:
        # Not list(): once the command of that name was called, this is its module here.
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{cmd_name}"), f"{cmd_name}_command")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Without importing them."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        begun = {name: words for name, words in COMMANDS.items() if name.startswith(incomplete)}
        return [CompletionItem(name, help=words) for name, words in begun.items()]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


@click.command(
    "cachekit-memprobe",
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDEST},
    examples=(
        "cachekit-memprobe doctor                  # what can be measured here",
        "cachekit-memprobe run arrow-l1-hit        # what one read copies, and where",
        "cachekit-memprobe run --payload data.csv  # the same of your own data",
        "cachekit-memprobe report last             # the newest run again",
        "cachekit-memprobe explain MEM006          # what a report says",
    ),
)
@click.version_option(__version__, "-V", "--version", prog_name="cachekit-memprobe")
def main() -> None:
    """Say what cachekit's cache reads copy, stage by stage, and fail when they exceed their budget.

    Scenarios of cache reads are replayed in isolated processes, and their memory is watched by several
    instruments. Start with "doctor" to see what can be measured here, and "list" to see the scenarios.
    "cachekit-memprobe COMMAND --help" has the examples and the options of a command.
    """
