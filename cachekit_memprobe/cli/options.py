"""How options are read that click has no type for, and the options that several commands share."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cachekit_memprobe.child.assigned import parse_assignment
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.help import Group, grouped, option
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.model import Limit
from cachekit_memprobe.sweep import STORED
from cachekit_memprobe.units import parse_bytes

if TYPE_CHECKING:
    from cachekit_memprobe.scenario import Asked, Axis, Size

_LONGEST_S = 1_000_000

_Command = TypeVar("_Command", bound=Callable[..., Any])


class UserPath(click.Path):
    """A path of the user's, which no system has with a null character in it."""

    def __init__(self, path_type: type[Path] | type[str] = Path) -> None:
        super().__init__(path_type=path_type)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if "\0" in str(value):
            self.fail(f"{str(value)!r} has a null character in it, which no path has", param, ctx)
        return super().convert(value, param, ctx)


def parsed_size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Callback: ``64MiB`` to bytes."""
    try:
        return None if value is None else parse_bytes(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def parsed_sizes(ctx: click.Context, param: click.Parameter, value: str | None) -> "tuple[Size, ...]":
    """Callback: ``64MB,128MB`` to sizes; none at all when the option isn't given."""
    from cachekit_memprobe.scenario import parse_sizes

    try:
        return () if value is None else parse_sizes(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def parsed_predictions(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> "Asked":
    """Callback: sizes and rows, of an option that may be given several times with several each."""
    from cachekit_memprobe.scenario import parse_asked

    try:
        return parse_asked(values)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def sorting(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    """Callback: a metric's name, or the stored size."""
    from cachekit_memprobe.scenario import closest_metric

    if value is None or value == STORED or value in NAMES:
        return value or ""
    raise click.BadParameter(
        f"{value!r} is neither a metric nor {STORED!r}; {closest_metric(value)}", ctx, param
    )


def parsed_axes(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> "tuple[Axis, ...]":
    """Callback: each ``KEY=VALUE,VALUE`` to an axis, no key twice."""
    from cachekit_memprobe.scenario import parse_axis

    try:
        axes = tuple(map(parse_axis, values))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise click.BadParameter(f"{name} is given twice; list its values in one", ctx, param)
    return axes


def parsed_seconds(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Callback: a positive number, which ``nan`` isn't, and one that can be waited for."""
    if not 0 < value < math.inf:
        raise click.BadParameter(f"{value:g} is not a positive number of seconds", ctx, param)
    if value > _LONGEST_S:
        raise click.BadParameter(f"{value:g} seconds are more than {_LONGEST_S:,}, eleven days", ctx, param)
    return value


def parsed_limits(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Limit, ...]:
    """Callback: each ``METRIC=LIMIT``, such as ``rss.peak=1.3x``, to a limit."""
    from cachekit_memprobe.scenario import parse_limit

    limits = []
    for value in values:
        metric, equals, text = value.partition("=")
        if not equals:
            raise click.BadParameter(
                f"{value!r} is not METRIC=LIMIT; write it like rss.peak=1.3x", ctx, param
            )
        try:
            limits.append(parse_limit(metric.strip(), text.strip()))
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None
    return tuple(limits)


def parsed_stages(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Callback: each ``STAGE=MODULE:FUNCTION``, checked for its form; no function of two stages."""
    stages: dict[str, str] = {}
    for value in values:
        try:
            function = parse_assignment(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None
        if stages.setdefault(function.name, function.stage) != function.stage:
            raise click.BadParameter(f"{function.name} is given for two stages; give it for one", ctx, param)
    return tuple(f"{stage}={name}" for name, stage in stages.items())


def parsed_variables(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Callback: each ``NAME=VALUE`` to a variable of the measured processes, no name twice."""
    from cachekit_memprobe.scenario import parse_variable

    given: dict[str, str] = {}
    for text in values:
        try:
            name, value = parse_variable(text)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None
        if name in given:
            raise click.BadParameter(
                f"{name} is given twice; to compare values, write --matrix env.{name}=ONE,OTHER", ctx, param
            )
        given[name] = value
    return given


def target_options(command: _Command) -> _Command:
    """``--cachekit``, ``--python`` and ``--with``: what is measured."""
    release = option(
        "--cachekit",
        "spec",
        metavar="SPEC",
        shell_complete=completing.sources,
        default="installed",
        show_default=True,
        help="The cachekit to measure: installed, latest, a release such as 0.9.1, a source tree such as "
        "./cachekit, or a revision such as git+https://HOST/cachekit-py@main. The environment of each, and "
        "of each state of a tree, is made once and kept. To measure a tree or a revision runs its code.",
    )
    interpreter = option(
        "--python",
        type=UserPath(),
        metavar="PATH",
        help="Measure the cachekit of this Python interpreter, which also needs memray. Not with --cachekit.",
    )
    extras = option(
        "--with",
        "extras",
        metavar="REQUIREMENT",
        multiple=True,
        help="Another package for the environment of a release, or another version of a package, such as "
        "pandas==2.3.3. May be given several times.",
    )
    return grouped(Group.TARGET, release, interpreter, extras)(command)


out_option = option(
    "--out",
    group=Group.OUTPUT,
    type=UserPath(),
    metavar="DIR",
    help="New folder in which the run is saved.  [default: one below the user's state folder]",
)

# Not as a Path, to which ./last is the same as last.
run_argument = click.argument("spec", metavar="RUN", type=UserPath(str), shell_complete=completing.runs)

sort_option = option(
    "--sort",
    group=Group.SIZES,
    callback=sorting,
    shell_complete=completing.orders,
    metavar="METRIC",
    help="Sort the combinations of a matrix by this metric, or by stored, the size of what the tier holds: "
    "the smallest first.  [default: rss.total, the whole process at its peak]",
)

MOST_WORKERS = 1_000_000

workers_option = option(
    "--workers",
    group=Group.SIZES,
    type=click.IntRange(1, MOST_WORKERS),
    metavar="N",
    help="Also say what N worker processes need that all read the value.",
)

full_option = option(
    "--full",
    group=Group.OUTPUT,
    is_flag=True,
    help="Show every scenario in full, not only those that are over a limit, unmeasured, or need a look for "
    "another reason. A run of one or two scenarios is shown in full anyway.",
)
