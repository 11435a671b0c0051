"""The options of ``run``, in groups: each group reaches the command as one record."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from cachekit_memprobe import datafile
from cachekit_memprobe.cli.options import (
    parsed_axes,
    parsed_predictions,
    parsed_seconds,
    parsed_sizes,
)
from cachekit_memprobe.metrics import INSTRUMENTS
from cachekit_memprobe.model import RunOptions
from cachekit_memprobe.scenario import IN_BYTES, Axis, HowCached, Size, options_of

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SERIALIZERS = tuple(dict.fromkeys(name for names in datafile.SERIALIZERS.values() for name in names))


@dataclass(frozen=True)
class SweepOptions:
    """How scenarios are multiplied.

    Attributes:
        predict_bytes: sizes to predict from those that are measured.
    """

    sizes: tuple[Size, ...]
    axes: tuple[Axis, ...]
    predict_bytes: tuple[int, ...]


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


def gathered(name: str, record: type[Any], *options: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """Options whose values reach the command as one record, its argument ``name``.

    Args:
        record: a dataclass; its fields are the names of the options.
    """
    names = [field.name for field in fields(record)]

    def decorate(command: Any) -> Any:
        @functools.wraps(command)
        def with_record(*args: Any, **values: Any) -> Any:
            parts = {field: values.pop(field) for field in names if field in values}
            return command(*args, **{name: record(**parts)}, **values)

        return functools.reduce(lambda decorated, option: option(decorated), reversed(options), with_record)

    return decorate


def _in_order(ctx: click.Context, param: click.Parameter, instruments: tuple[str, ...]) -> tuple[str, ...]:
    """Callback: in the order in which they are used, whatever the order on the command line is."""
    return tuple(name for name in INSTRUMENTS if name in instruments or not instruments)


def _switched(ctx: click.Context, param: click.Parameter, value: str | None) -> bool | None:
    """Callback: ``on`` and ``off``."""
    return None if value is None else value == "on"


data_options = gathered(
    "data",
    DataOptions,
    click.option(
        "--payload",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Measure the read of your own data instead of a scenario's: {datafile.EXPECTED}. "
        "The next options say how it is cached.",
    ),
    click.option(
        "--save-scenario",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the scenario of --payload down, too: a new TOML file, which run takes.",
    ),
)

how_options = gathered(
    "how",
    HowCached,
    click.option(
        "--serializer",
        type=click.Choice(_SERIALIZERS),
        help="With --payload.  [default: arrow for a table, auto for an array, orjson for JSON]",
    ),
    click.option("--tier", type=click.Choice(("l1", "l2")), help="With --payload.  [default: l1]"),
    click.option("--route", type=click.Choice(("get", "map")), help="With --payload, in L2.  [default: get]"),
    click.option(
        "--backend",
        type=click.Choice(IN_BYTES),
        help="With --payload.  [default: file]",
    ),
    click.option(
        "--compression",
        type=click.Choice(options_of("cache", "compression")),
        help="With --payload, of the arrow serializer.  [default: none]",
    ),
    click.option(
        "--encryption",
        type=click.Choice(("on", "off")),
        callback=_switched,
        help="With --payload.  [default: off]",
    ),
)

sweep_options = gathered(
    "sweep",
    SweepOptions,
    click.option(
        "--size",
        "sizes",
        callback=parsed_sizes,
        metavar="SIZE[,SIZE]...",
        help="Logical size of the cached value, such as 64MiB or 300MB. Of several, each is measured, and "
        "a line is fitted through them.  [default: each scenario's own]",
    ),
    click.option(
        "--predict",
        "predict_bytes",
        callback=parsed_predictions,
        metavar="SIZE[,SIZE]...",
        multiple=True,
        help="With several sizes: predict the RSS peak at this one, which isn't measured.",
    ),
    click.option(
        "--matrix",
        "axes",
        callback=parsed_axes,
        metavar="KEY=VALUE,VALUE",
        multiple=True,
        help="Measure every combination of values, such as encryption=on,off, of any keys of a scenario, "
        "and compare them; may be given several times.",
    ),
)

server_options = gathered(
    "servers",
    ServerOptions,
    click.option(
        "--redis-url",
        metavar="URL",
        envvar="CACHEKIT_MEMPROBE_REDIS_URL",
        show_envvar=True,
        help="Read from this Redis server instead of one that is started for the run. Its entries have names "
        "of their own and are deleted afterwards.",
    ),
    click.option(
        "--memcached-servers",
        metavar="HOST:PORT[,...]",
        help="Read from these Memcached servers instead of one that is started for the run, likewise.",
    ),
)

measuring_options = gathered(
    "options",
    RunOptions,
    click.option(
        "--reads",
        type=click.IntRange(min=1),
        metavar="N",
        default=5,
        show_default=True,
        help="Measured reads in the RSS process, the value dropped between them; from 4 on, what they leave "
        "behind is a slope with its margin.",
    ),
    click.option(
        "--repeat",
        type=click.IntRange(min=1),
        metavar="N",
        default=1,
        show_default=True,
        help="Fresh RSS processes for each scenario, to see how far the figures spread.",
    ),
    click.option(
        "--timeout",
        "timeout_s",
        type=float,
        callback=parsed_seconds,
        metavar="SECONDS",
        default=300.0,
        show_default="300",
        help="Time that each measured process has.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        default=2,
        show_default=True,
        help="Scenarios to measure side by side; each needs memory for several payloads.",
    ),
    click.option(
        "--instrument",
        "instruments",
        type=click.Choice(INSTRUMENTS),
        callback=_in_order,
        multiple=True,
        help="Use only this instrument, so that only its metrics are measured; may be given several "
        "times.  [default: all]",
    ),
    click.option(
        "--as-deployed",
        is_flag=True,
        help="Measure RSS with the target's own allocator settings, as in "
        "production, instead of pinned ones that make figures repeat.",
    ),
)
