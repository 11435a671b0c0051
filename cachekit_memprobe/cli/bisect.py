"""``bisect``: which commit of cachekit made a read worse."""

from typing import TYPE_CHECKING

import click

from cachekit_memprobe.child.printable import printable
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.help import Group, command, option
from cachekit_memprobe.cli.options import UserPath, parsed_sizes
from cachekit_memprobe.cli.progress import ProgressDisplay
from cachekit_memprobe.cli.run_options import measuring_options
from cachekit_memprobe.errors import EXIT_OK, EXIT_UNMEASURED, UsageError
from cachekit_memprobe.metrics import INSTRUMENTS, MEMRAY, metric_of
from cachekit_memprobe.model import Limit, RunOptions, Scenario

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import Size
    from cachekit_memprobe.target.git import Repository

_EXAMPLES = (
    "cachekit-memprobe bisect arrow-l1-hit --bad v0.9.1 --good v0.10.0 \\",
    "  --metric copies.unwrap",
    "cachekit-memprobe bisect arrow-file-get --good 0.11.0 --bad main \\",
    "  --metric peak.heap --limit 1.5x --repo ../cachekit-py",
    "cachekit-memprobe bisect arrow-l1-hit --good 0.17.0 --bad main \\",
    "  --metric rss.peak --limit 50MB --repo git+https://HOST/cachekit-py",
)
_EXIT_CODES = (
    (0, "the commit that did it was found"),
    (2, "the command line can't be used, or the ends aren't a good and a bad one"),
    (3, "an end can't be measured, or the commit is one of several that can't be"),
)


@command("bisect", examples=_EXAMPLES, exit_codes=_EXIT_CODES)
@click.argument("name", metavar="SCENARIO", shell_complete=completing.scenarios)
@option(
    "--good", group=Group.TARGET, required=True, metavar="GOOD", help="A revision in which the read is good."
)
@option("--bad", group=Group.TARGET, required=True, metavar="BAD", help="One in which it is worse.")
@option(
    "--repo",
    group=Group.TARGET,
    metavar="URL|PATH",
    default=".",
    help="cachekit's repository: a folder, or a URL such as git+https://HOST/PATH, which is fetched into the "
    "cache.  [default: the one around the working directory]",
)
@option(
    "--with",
    "extras",
    group=Group.TARGET,
    metavar="REQUIREMENT",
    multiple=True,
    help="Another version of a package for all environments, such as pandas==2.3.3. May be given several "
    "times.",
)
@option(
    "--metric",
    group=Group.JUDGING,
    required=True,
    shell_complete=completing.orders,
    metavar="METRIC",
    help="The figure that got worse, such as copies.unwrap.",
)
@option(
    "--limit",
    group=Group.JUDGING,
    metavar="LIMIT",
    help="A commit is bad above this, in payloads (0.5x) or as a size (10MB).  [default: half way "
    "between the figures of both ends]",
)
@option(
    "--size",
    "sizes",
    group=Group.MEASURING,
    callback=parsed_sizes,
    metavar="SIZE",
    help="Logical size of the cached value, as of run.",
)
@measuring_options
@exits
def bisect_command(
    name: str,
    good: str,
    bad: str,
    repo: str,
    extras: tuple[str, ...],
    metric: str,
    limit: str | None,
    sizes: "tuple[Size, ...]",
    options: RunOptions,
) -> int:
    """Find the commit of cachekit that made a read worse, or that mended it.

    Both ends are measured first, then the commits between as git's bisection chooses them. If BAD comes
    before GOOD, it is the first good commit that is found. What can't be measured is skipped, as "git bisect
    run" does at 125. No checkout is touched: of each commit there
    is an environment of its own, its Python files over the nearest release with the same native part, or
    built where there is none. Each measurement is a saved run, so that what was interrupted goes on where it
    ended.

    To measure a revision runs its code, as does to build it.
    """
    from cachekit_memprobe.cli.bisect_trials import Trials, Wanted
    from cachekit_memprobe.report.bisected import bisected_text
    from cachekit_memprobe.target import commits

    scenario = _scenario(name, sizes)
    wanted_limit = _limit(metric, limit)
    options = _measuring(metric, options)
    with ProgressDisplay(silent=False) as progress:
        repository, called = _repository(repo, progress)
        search = commits.ends_of(repository, good, bad)
        wanted = Wanted(repository, called, scenario, metric, options, extras)
        found = Trials(wanted, progress).bisect(search, wanted_limit)
    click.echo(bisected_text(found))
    return EXIT_OK if found.is_found else EXIT_UNMEASURED


def _scenario(name: str, sizes: "tuple[Size, ...]") -> Scenario:
    from cachekit_memprobe.scenario import expand, select

    scenarios, _ = expand(select((name,)), sizes=sizes, axes=(), limits=())
    if len(scenarios) != 1:
        raise UsageError(
            f"{printable(name)} and its sizes are {len(scenarios)} scenarios; bisect looks at one at one size"
        )
    return scenarios[0]


def _limit(metric: str, limit: str | None) -> Limit | None:
    """Of the metric, which is checked in any case."""
    from cachekit_memprobe.scenario import parse_limit

    try:
        checked = parse_limit(metric, limit or "1x")
    except ValueError as error:
        raise UsageError(str(error)) from None
    return checked if limit else None


def _measuring(metric: str, options: RunOptions) -> RunOptions:
    """By the instruments that the metric needs, and memray, which knows the lines."""
    from dataclasses import replace

    needed = {*metric_of(metric).instruments, MEMRAY}
    if options.instruments != INSTRUMENTS and not needed <= {*options.instruments}:
        raise UsageError(
            f"{metric} is measured by {' and '.join(metric_of(metric).instruments)}; leave out --quick and "
            "--instrument"
        )
    return replace(options, instruments=tuple(one for one in INSTRUMENTS if one in needed))


def _repository(repo: str, progress: ProgressDisplay) -> "tuple[Repository, str]":
    """The repository and its name; what is asked for by a URL is fetched."""
    from cachekit_memprobe.target import commits, recipe, revision

    if "://" in repo or repo.startswith(revision.PREFIX):
        asked = revision.asked(repo, "--repo")
        if asked.revision:
            raise UsageError("--repo takes no revision; name it with --good and --bad")
        found = revision.fetched(asked, recipe.repositories_root(), progress.preparing)
        return found.repository, found.name
    found_here = commits.repository_around(UserPath().convert(repo, None, None))
    return found_here, printable(found_here.folder.name)
