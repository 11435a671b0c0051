"""``init``: a scenario with a budget, for a project to keep."""

from pathlib import Path

import click

from cachekit_memprobe.child.printable import pasted, printable
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.call_options import CallOptions, called_options
from cachekit_memprobe.cli.help import command, option
from cachekit_memprobe.cli.init_call import Measuring, init_call, measuring_options, refuse_without_call
from cachekit_memprobe.cli.new_file import write_new
from cachekit_memprobe.cli.options import UserPath, target_options
from cachekit_memprobe.errors import EXIT_OK, UsageError

DEFAULT_FILE = "memprobe-scenario.toml"
_CONFIGURATION = "memprobe.toml"


@command(
    "init",
    examples=(
        "cachekit-memprobe init",
        "cachekit-memprobe init checks/orders.toml",
        "cachekit-memprobe init --call shop.orders:load_orders --arg 2026-11-24",
    ),
)
@click.argument("file", type=UserPath(), default=DEFAULT_FILE)
@option("--force", is_flag=True, help="Overwrite the file if there is one.")
@called_options
@measuring_options
@target_options
@exits
def init_command(
    file: Path,
    force: bool,
    own: CallOptions,
    measuring: Measuring,
) -> int:
    """Write a scenario with a budget, explained line by line, that runs as it is.

    FILE is memprobe-scenario.toml by default. Change what is read in it to what your project reads, and let
    CI run it: "cachekit-memprobe run memprobe-scenario.toml" fails when the read exceeds its budget.

    With --call it is the scenario of your own cached function, whose read is measured first: each limit is
    what it takes, and 10 % and 1 MiB more.
    """
    from cachekit_memprobe.scenario import starter_text

    if file.name == _CONFIGURATION:
        raise UsageError(
            f"{_CONFIGURATION} is the configuration of cachekit-memprobe check, which names scenarios; give "
            f"the scenario another name, such as {DEFAULT_FILE}"
        )
    refuse_without_call(own, measuring)
    if own.function is not None:
        return init_call(file, own, measuring, force=force)
    write_new(file, starter_text(file), overwrite=force, remedy="give --force, or another name")
    # A name without a folder would be looked for among the bundled scenarios, but for its suffix.
    click.echo(f"{printable(file)} is written; run it with: cachekit-memprobe run {pasted(file)}")
    return EXIT_OK
