"""The options that name the user's own function, and say how it is called."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import click

from cachekit_memprobe.child.task import Call
from cachekit_memprobe.cli.gathered import gathered
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.scenario import check_function, parse_argument


@dataclass(frozen=True)
class CallOptions:
    """The user's own function, and how it is called; without one, the rest is refused.

    Attributes:
        args: as they were written.
    """

    function: str | None
    args: tuple[str, ...]
    kwargs: Mapping[str, str]
    setup: str | None
    override: str | None

    @property
    def call(self) -> Call | None:
        """What to call; ``None`` if no function was given."""
        if self.function is None:
            return None
        return Call(
            function=self.function,
            args=tuple(map(parse_argument, self.args)),
            kwargs={name: parse_argument(value) for name, value in self.kwargs.items()},
            setup=self.setup or "",
            backend=self.override or "",
        )

    def check(self) -> None:
        """Refuse what is nothing without a function, and what contradicts itself.

        Raises:
            UsageError: with the option's name.
        """
        for name, value in self._given().items():
            if value and self.function is None:
                raise UsageError(f"{name} is for the function of --call; give --call as well")

    def _given(self) -> dict[str, object]:
        return {
            "--arg": self.args,
            "--kwarg": self.kwargs,
            "--setup": self.setup,
            "--backend-override": self.override,
        }


@dataclass(frozen=True)
class OwnCall(CallOptions):
    """The same for a run.

    Attributes:
        allow_code: also that which a foreign scenario file names.
    """

    own_cache: bool
    allow_code: bool

    @property
    def call(self) -> Call | None:
        called = super().call
        return called and replace(called, own_cache=self.own_cache)

    def check(self) -> None:
        super().check()
        if self.override and self.own_cache:
            raise UsageError(
                "--use-own-cache leaves the code its own backend, and --backend-override replaces it; leave "
                "one out"
            )

    def _given(self) -> dict[str, object]:
        return {**super()._given(), "--use-own-cache": self.own_cache}


def _as_function(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Callback: ``module:function``, checked for its form."""
    try:
        return None if value is None else check_function(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def _as_keywords(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Callback: each ``NAME=VALUE``, no name twice."""
    given: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"{text!r} is not NAME=VALUE; write it like region=eu", ctx, param)
        if name in given:
            raise click.BadParameter(f"{name} is given twice; give it once", ctx, param)
        given[name] = value
    return given


_calling = (
    option(
        "--call",
        "function",
        metavar="MODULE:FUNCTION",
        callback=_as_function,
        help="Measure the read of your own cached function instead of a scenario's. To name it is consent to "
        "run it: it is imported from here, and called once to fill a private cache.",
    ),
    option(
        "--arg",
        "args",
        metavar="VALUE",
        multiple=True,
        help="An argument for the function of --call: JSON, or text where it is none. May be given several "
        "times, in order.",
    ),
    option(
        "--kwarg",
        "kwargs",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_as_keywords,
        help="A keyword argument likewise.",
    ),
    option(
        "--setup",
        metavar="MODULE:FUNCTION",
        callback=_as_function,
        help="Call this function of yours first, in every process that calls the one of --call.",
    ),
    option(
        "--backend-override",
        "override",
        type=click.Choice(("file", "redis")),
        help="Have the function of --call store in a private backend of this kind, in place of a private one "
        "of the kind that the code configures.",
    ),
)

called_options = gathered("own", CallOptions, *_calling, group=Group.OWN_CALL)

call_options = gathered(
    "own",
    OwnCall,
    *_calling,
    option(
        "--use-own-cache",
        "own_cache",
        is_flag=True,
        help="Have the function of --call store in the very cache that the code configures: one entry is "
        "written there and stays.",
    ),
    option(
        "--allow-code",
        is_flag=True,
        help="Also run scenario files that name code and lie outside of the project that you are in.",
    ),
    group=Group.OWN_CALL,
)
