"""``compare``: two runs, or two releases, against each other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.compare_options import fail_on_option
from cachekit_memprobe.cli.compare_sides import Wanted, reports_of
from cachekit_memprobe.cli.help import Group, command, option
from cachekit_memprobe.cli.options import UserPath, parsed_sizes
from cachekit_memprobe.cli.outputs import Output, check_outputs, format_options
from cachekit_memprobe.cli.publish import write
from cachekit_memprobe.cli.run_options import measuring_options
from cachekit_memprobe.comparison import Allowance, Comparison
from cachekit_memprobe.errors import EXIT_OK, EXIT_OVER_BUDGET, EXIT_UNMEASURED, UsageError
from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.report.comparison.formats import COMPARISON_FORMATS

if TYPE_CHECKING:
    from rich.console import Console

    from cachekit_memprobe.scenario import Size

_EXAMPLES = (
    "cachekit-memprobe compare last~1 last",
    "cachekit-memprobe compare runs/before runs/after 'arrow-*' --full",
    "cachekit-memprobe compare 0.9.1 0.10.0 arrow-l1-hit --size 64MiB",
    "cachekit-memprobe compare last~1 last --fail-on rss.peak:+0.1x \\",
    "  --fail-on copies.total:+1MB --strict",
    "cachekit-memprobe compare runs/before runs/after -o comparison.html",
)
_EXIT_CODES = (
    (0, "compared, and nothing is more than --fail-on allows"),
    (1, "a figure is more in NEW than --fail-on allows"),
    (2, "the command line or a run can't be used, or --strict refuses them"),
    (3, "nothing could be compared, or nothing can be said of a --fail-on"),
)


@command("compare", examples=_EXAMPLES, exit_codes=_EXIT_CODES)
@click.argument("base", type=UserPath(str), shell_complete=completing.sides)
@click.argument("new", type=UserPath(str), shell_complete=completing.sides)
@click.argument("patterns", metavar="[SCENARIO]...", nargs=-1, shell_complete=completing.scenarios)
@fail_on_option
@option(
    "--strict",
    group=Group.JUDGING,
    is_flag=True,
    help="Refuse to compare where something besides cachekit differs: Python, pandas, the instruments, ...",
)
@option(
    "--full",
    group=Group.OUTPUT,
    is_flag=True,
    help="Show each of several scenarios by itself, the same ones too.",
)
@format_options(COMPARISON_FORMATS)
@option(
    "--size",
    "sizes",
    group=Group.MEASURING,
    callback=parsed_sizes,
    metavar="SIZE[,SIZE]...",
    help="Of releases, which are measured: logical size of the cached value, as of run.",
)
@measuring_options
@exits
def compare_command(
    base: str,
    new: str,
    patterns: tuple[str, ...],
    allowances: tuple[Allowance, ...],
    strict: bool,
    full: bool,
    output: Output[Comparison] | None,
    sizes: "tuple[Size, ...]",
    options: RunOptions,
) -> int:
    """Say what NEW takes less, or more, than BASE.

    BASE and NEW are run folders, ids of runs, "last", "last~1", the JSON of a report, releases, such as
    0.10.0 or latest, or revisions, such as git+https://HOST/cachekit-py@main: what no saved run has of those
    is measured first, with the options of run, or as the
    saved run on the other side was. A release in a folder of that name is meant by ./0.10.0. With a SCENARIO,
    or a pattern such as 'arrow-*', only those are compared.

    Each figure is compared as exactly as it is measured, so that what chance does is no difference: large
    blocks to the byte, the resident set within 1 MiB, runs as deployed by a rank test of their repeated
    processes.
    """
    from cachekit_memprobe.comparing import compare, judge_allowances
    from cachekit_memprobe.scenario import names_of

    check_outputs([output] if output else [])
    reports = reports_of(base, new, Wanted(patterns, sizes, options))
    # By its file when it is measured, by its name afterwards.
    names = [name for pattern in patterns for name in names_of(pattern)]
    comparison = judge_allowances(compare(*reports, names), allowances)
    if patterns and not comparison.scenarios:
        raise UsageError(f"neither side has a scenario {' or '.join(patterns)}")
    if strict:
        _refuse_differences(comparison)

    def show(console: "Console") -> None:
        from cachekit_memprobe.report.comparison.terminal import render_comparison

        console.print(render_comparison(comparison, full=full))

    write(comparison, (), output, show)
    return _exit_code(comparison, allowances)


def _refuse_differences(comparison: Comparison) -> None:
    from cachekit_memprobe.report.comparison.words import comparison_words

    if comparison.differences:
        words = "\n".join(comparison_words(comparison).differences)
        raise UsageError(f"--strict: not the same on both sides:\n{words}")


def _exit_code(comparison: Comparison, allowances: Sequence[Allowance]) -> int:
    """What nothing can be said of outweighs what is over, as it does in a run."""
    statuses = {result.status for result in comparison.allowances}
    if not comparison.is_compared or "unmeasured" in statuses or (allowances and not statuses):
        return EXIT_UNMEASURED
    return EXIT_OVER_BUDGET if "over" in statuses else EXIT_OK
