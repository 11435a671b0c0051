"""``init``: a scenario with a budget, for a project to keep."""

from pathlib import Path

import click

from cachekit_memprobe.child.printable import pasted, printable
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.help import command, option
from cachekit_memprobe.cli.new_file import write_new
from cachekit_memprobe.cli.options import UserPath
from cachekit_memprobe.errors import EXIT_OK, UsageError

DEFAULT_FILE = "memprobe-scenario.toml"
_CONFIGURATION = "memprobe.toml"


@command(
    "init",
    examples=(
        "cachekit-memprobe init",
        "cachekit-memprobe init checks/orders.toml",
    ),
)
@click.argument("file", type=UserPath(), default=DEFAULT_FILE)
@option("--force", is_flag=True, help="Overwrite the file if there is one.")
@exits
def init_command(file: Path, force: bool) -> int:
    """Write a scenario with a budget, explained line by line, that runs as it is.

    FILE is memprobe-scenario.toml by default. Change what is read in it to what your project reads, and let
    CI run it: "cachekit-memprobe run memprobe-scenario.toml" fails when the read exceeds its budget.
    """
    from cachekit_memprobe.scenario import starter_text

    if file.name == _CONFIGURATION:
        raise UsageError(
            f"{_CONFIGURATION} is the configuration of cachekit-memprobe check, which names scenarios; give "
            f"the scenario another name, such as {DEFAULT_FILE}"
        )
    write_new(file, starter_text(file), overwrite=force, remedy="give --force, or another name")
    # A name without a folder would be looked for among the bundled scenarios, but for its suffix.
    click.echo(f"{printable(file)} is written; run it with: cachekit-memprobe run {pasted(file)}")
    return EXIT_OK
