"""How the options of ``history`` are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cachekit_memprobe.cli.gathered import gathered
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.cli.shards import parsed_shard
from cachekit_memprobe.history import Axis
from cachekit_memprobe.metrics import INSTRUMENTS, QUICK

if TYPE_CHECKING:
    from cachekit_memprobe.target import Wished

AXES: tuple[Axis, ...] = ("pandas", "pyarrow", "numpy", "python")
_MOST_VALUES = 50


@dataclass(frozen=True)
class AlongOptions:
    """Which points a history has.

    Attributes:
        axis: what is varied of one release, and its values; ``None`` for the releases themselves.
        part: the number of a shard, and how many there are.
        allow_code: also that which a foreign scenario file names.
    """

    releases: "Wished"
    pre: bool
    yanked: bool
    axis: tuple[Axis, tuple[str, ...]] | None
    extras: tuple[str, ...]
    part: tuple[int, int] | None
    allow_code: bool


def _releases(ctx: click.Context, param: click.Parameter, value: str) -> "Wished":
    from cachekit_memprobe.target import parse_releases

    try:
        return parse_releases(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def _axis(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[Axis, tuple[str, ...]] | None:
    """Callback: ``pandas=2.2.3,3.1.1``."""
    if value is None:
        return None
    name, equals, text = value.partition("=")
    values = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if name not in AXES or not equals:
        raise click.BadParameter(
            f"{value!r} is no axis; write one of {', '.join(AXES)} with its values, like pandas=2.2.3,3.1.1",
            ctx,
            param,
        )
    if not 2 <= len(values) <= _MOST_VALUES:
        raise click.BadParameter(
            f"{value!r}: an axis has 2 to {_MOST_VALUES} values, with a comma between them", ctx, param
        )
    return name, values


_Command = TypeVar("_Command", bound=Callable[..., Any])
READS = 2
"""In one process: the first and the next, of which a report takes the larger."""

_OTHERWISE: Mapping[str, Mapping[str, Any]] = {
    "reads": {
        "default": READS,
        "help": "How many reads the rss instrument measures in one process. The value is dropped after each.",
    },
    "instruments": {
        "help": f"Use only these instruments, of {', '.join(INSTRUMENTS)}.  [default: {','.join(QUICK)}]"
    },
    "quick": {"hidden": True},
    "allowances": {
        "help": "End with 1 if the newest has more of this metric than the best before it by more than the "
        "amount, in payloads (rss.peak:+0.1x) or as a size (copies.total:+10MB), and by more than chance. "
        "May be given several times."
    },
}


def for_many_points(command: _Command) -> _Command:
    """Say what is otherwise with the options of ``run`` and ``compare``."""
    for one in getattr(command, "__click_params__", ()):
        for name, value in _OTHERWISE.get(one.name, {}).items():
            setattr(one, name, value)
    return command


along_options = gathered(
    "along",
    AlongOptions,
    option(
        "--releases",
        metavar="SPEC",
        default=">=0.4",
        show_default=True,
        callback=_releases,
        help="The releases of cachekit to measure, such as '>=0.9,<0.20', or 0.9.1,0.10.0 for these.",
    ),
    option(
        "--shard",
        "part",
        callback=parsed_shard,
        metavar="N/M",
        group=Group.MEASURING,
        help="Measure only every Mth point from the Nth on, such as 2/5, on each of M machines, and show "
        "nothing. A history with the --out folders of all in one finds everything measured.",
    ),
    option(
        "--allow-code",
        is_flag=True,
        group=Group.OWN_CALL,
        help="Also measure scenario files that name code and lie outside of the project that you are in.",
    ),
    option("--pre", is_flag=True, help="Measure pre-releases too."),
    option("--yanked", is_flag=True, help="Measure yanked releases too."),
    option(
        "--axis",
        metavar="NAME=VALUE,VALUE",
        callback=_axis,
        help=f"Of the newest of these releases, vary one of {', '.join(AXES)} instead, such as "
        "pandas=2.2.3,2.3.3,3.1.1.",
    ),
    option(
        "--with",
        "extras",
        metavar="REQUIREMENT",
        multiple=True,
        help="Hold a package at this version at all points, such as pandas==2.3.3. May be given several "
        "times.  [default: of pandas, pyarrow and the like the newest that every point admits]",
    ),
    group=Group.TARGET,
)
