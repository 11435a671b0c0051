"""The options of ``run``, in groups: each group reaches the command as one record."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cachekit_memprobe.child import datafile
from cachekit_memprobe.child.assigned import EXAMPLE
from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.gathered import gathered
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.cli.options import (
    UserPath,
    parsed_axes,
    parsed_predictions,
    parsed_seconds,
    parsed_sizes,
    parsed_stages,
    sort_option,
    workers_option,
)
from cachekit_memprobe.guesses import guess
from cachekit_memprobe.metrics import INSTRUMENTS, QUICK
from cachekit_memprobe.model import DEFAULT_ISOLATION, RunOptions
from cachekit_memprobe.scenario import (
    IN_BYTES,
    Asked,
    Axis,
    HowCached,
    Size,
    options_of,
)

if TYPE_CHECKING:
    from cachekit_memprobe.servers import OwnServers

_SERIALIZERS = tuple(dict.fromkeys(name for names in datafile.SERIALIZERS.values() for name in names))


_QUICK = f"{__name__}.quick"
"""Where the context remembers ``--quick``, which is no option of a run but a choice of instruments."""


@dataclass(frozen=True)
class SweepOptions:
    """How scenarios are multiplied.

    Attributes:
        predict: sizes and rows to predict from the sizes that are measured.
        sort, workers: see :class:`cachekit_memprobe.sweep.Sweep`.
    """

    sizes: tuple[Size, ...]
    axes: tuple[Axis, ...]
    predict: Asked
    sort: str
    workers: int | None


@dataclass(frozen=True)
class DataOptions:
    """The user's own data, and where the scenario that caches it is to be written."""

    payload: Path | None
    save_scenario: Path | None


@dataclass(frozen=True)
class ServerOptions:
    """The user's own servers, as they were written."""

    redis_url: str | None
    memcached_servers: str | None


def _noted(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Callback: for the options that are read after it."""
    ctx.meta[_QUICK] = value


def _in_order(ctx: click.Context, param: click.Parameter, instruments: tuple[str, ...]) -> tuple[str, ...]:
    """Callback: ``rss,memray``, or several times; in the order in which they are used."""
    given = [name.strip() for text in instruments for name in text.split(",")]
    for name in given:
        if name not in INSTRUMENTS:
            remedy = guess(name, INSTRUMENTS, f"the instruments are {', '.join(INSTRUMENTS)}")
            raise click.BadParameter(f"{name!r} is no instrument; {remedy}", ctx, param)
    if ctx.meta[_QUICK] and instruments:
        raise click.UsageError("give either --quick or --instrument: --quick chooses the instruments", ctx)
    if ctx.meta[_QUICK]:
        return QUICK
    return tuple(name for name in INSTRUMENTS if name in given or not given)


def _only_one(ctx: click.Context, param: click.Parameter, files: tuple[Path, ...]) -> Path | None:
    """Callback: of an option that may be given once, where click would take the last one silently."""
    if len(files) > 1:
        raise click.BadParameter(f"{len(files)} files are given; run each by itself", ctx, param)
    return files[0] if files else None


def _switched(ctx: click.Context, param: click.Parameter, value: str | None) -> bool | None:
    """Callback: ``on`` and ``off``."""
    return None if value is None else value == "on"


data_options = gathered(
    "data",
    DataOptions,
    option(
        "--payload",
        type=UserPath(),
        callback=_only_one,
        multiple=True,
        metavar="FILE",
        help=f"Measure the read of your own data instead of a scenario's: {datafile.EXPECTED}. "
        "The next options say how it is cached.",
    ),
    option(
        "--save-scenario",
        type=UserPath(),
        metavar="FILE",
        help="Also save the scenario of --payload as a new TOML file, which can be run like any other.",
    ),
    group=Group.OWN_DATA,
)

how_options = gathered(
    "how",
    HowCached,
    option(
        "--serializer",
        type=click.Choice(_SERIALIZERS),
        help="Serializer that stores the value of --payload.  "
        "[default: arrow for a table, auto for an array, orjson for JSON]",
    ),
    option(
        "--tier",
        type=click.Choice(("l1", "l2")),
        help="Where the value of --payload is read from: l1, the process's own cache, or l2, the backend.  "
        "[default: l1]",
    ),
    option(
        "--route",
        type=click.Choice(("get", "map")),
        help="How the backend reads the value of --payload in l2: get reads its file into memory, map maps "
        "it.  [default: get]",
    ),
    option(
        "--backend",
        type=click.Choice(IN_BYTES),
        help="Backend that stores the value of --payload.  [default: file]",
    ),
    option(
        "--compression",
        type=click.Choice(options_of("cache", "compression")),
        help="Compression of the value of --payload, for the arrow serializer, and for a table in the auto "
        "serializer.  [default: none]",
    ),
    option(
        "--encryption",
        type=click.Choice(("on", "off")),
        callback=_switched,
        help="Whether the value of --payload is stored encrypted.  [default: off]",
    ),
    group=Group.OWN_DATA,
)

sweep_options = gathered(
    "sweep",
    SweepOptions,
    option(
        "--size",
        "sizes",
        callback=parsed_sizes,
        metavar="SIZE[,SIZE]...",
        help="Logical size of the cached value, such as 64MiB or 300MB, or a percentage of its own: of the "
        "rows of --payload. Of several sizes, each is measured, and the report says how memory grows with "
        "them.  [default: each scenario's own]",
    ),
    option(
        "--predict",
        "predict",
        callback=parsed_predictions,
        metavar="SIZE|ROWS[,...]",
        multiple=True,
        help="Predict the RSS peak at a size that isn't measured, or with --payload at a number of rows. "
        "Needs several sizes in --size.",
    ),
    option(
        "--matrix",
        "axes",
        callback=parsed_axes,
        shell_complete=completing.axes,
        metavar="KEY=VALUE,VALUE",
        multiple=True,
        help="Measure a scenario with each of these values of one of its keys, such as "
        "encryption=on,off, and compare them. Given several times, every combination is measured.",
    ),
    sort_option,
    workers_option,
    group=Group.SIZES,
)

server_options = gathered(
    "servers",
    ServerOptions,
    option(
        "--redis-url",
        metavar="URL",
        envvar="CACHEKIT_MEMPROBE_REDIS_URL",
        show_envvar=True,
        help="Use this Redis server instead of one that is started for the run. The run's entries have names "
        "of their own there, and are deleted afterwards.",
    ),
    option(
        "--memcached-servers",
        metavar="HOST:PORT[,...]",
        help="Use these Memcached servers instead of one that is started for the run, in the same way.",
    ),
    group=Group.SERVERS,
)

measuring_options = gathered(
    "options",
    RunOptions,
    option(
        "--reads",
        type=click.IntRange(1, 10_000),
        metavar="N",
        default=5,
        show_default=True,
        help="How many reads the rss instrument measures in one process. The value is dropped after each. "
        "Growth per read has a margin from 4 reads on.",
    ),
    option(
        "--repeat",
        type=click.IntRange(1, 1000),
        metavar="N",
        default=1,
        show_default=True,
        help="How many processes the rss instrument measures for each scenario, to see how far the figures "
        "spread.",
    ),
    option(
        "--timeout",
        "timeout_s",
        type=float,
        callback=parsed_seconds,
        metavar="SECONDS",
        default=300.0,
        help="Time limit for each measured process.  [default: 300]",
    ),
    option(
        "--jobs",
        "-j",
        type=click.IntRange(1, 1000),
        metavar="N",
        default=2,
        show_default=True,
        help="How many processes measure at the same time; each needs memory for several payloads.",
    ),
    option(
        "--instrument",
        "instruments",
        callback=_in_order,
        shell_complete=completing.instruments,
        metavar="NAME[,NAME]...",
        multiple=True,
        help=f"Use only these instruments, of {', '.join(INSTRUMENTS)}. Limits on what others measure are "
        "then not judged.  [default: all]",
    ),
    option(
        "--quick",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_noted,
        help=f"Use only the instruments {' and '.join(QUICK)}, which is faster. The report "
        "says which limits that leaves unjudged. Not with --instrument.",
    ),
    option(
        "--isolation",
        type=click.Choice(("fork", "fresh")),
        default=DEFAULT_ISOLATION,
        show_default=True,
        help="How the measured processes start: fork makes them from one that has already imported cachekit, "
        "which is faster; fresh starts a new interpreter for each. That of the rss instrument is always "
        "fresh.",
    ),
    option(
        "--stage",
        "stages",
        group=Group.TARGET,
        callback=parsed_stages,
        shell_complete=completing.stages,
        metavar="STAGE=MODULE:FUNCTION",
        multiple=True,
        help=f"Count this function of cachekit to the stage as well, such as {EXAMPLE}, "
        "for a branch in which it was renamed. May be given several times.",
    ),
    option(
        "--as-deployed",
        is_flag=True,
        help="Measure RSS with the target's own allocator settings, as in production. By default they are "
        "pinned, so that the figures can be repeated.",
    ),
    group=Group.MEASURING,
)


def own_servers_of(servers: ServerOptions) -> "OwnServers":
    """The user's own servers, from what was written.

    Raises:
        UsageError: an address is none.
    """
    from cachekit_memprobe.servers import OwnServers, check_redis_url, parse_memcached_servers

    return OwnServers(
        check_redis_url(servers.redis_url) if servers.redis_url else None,
        parse_memcached_servers(servers.memcached_servers) if servers.memcached_servers else (),
    )
