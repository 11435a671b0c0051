"""The options that only ``check`` has, and what they can't be together."""

from dataclasses import dataclass
from pathlib import Path

import click

from cachekit_memprobe.cli.gathered import gathered
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.cli.options import UserPath
from cachekit_memprobe.errors import UsageError

_MOST_PERCENT = 1000


@dataclass(frozen=True)
class CheckOptions:
    """What is done with a project's configuration besides judging by it.

    Attributes:
        config: its file; ``None`` to look for it.
        baseline: its file, if it isn't the one beside the configuration.
        headroom: a share of what is reached, 0.05 for 5 %.
    """

    config: Path | None
    baseline: Path | None
    explain: bool
    update_baseline: bool
    tighten: bool
    headroom: float
    bisect: bool

    def check(self, patterns: tuple[str, ...], *, is_shard: bool) -> None:
        """Refuse what can't be done together.

        Raises:
            UsageError: two of them can't.
        """
        modes = {
            "--explain": self.explain,
            "--update-baseline": self.update_baseline,
            "--tighten": self.tighten,
            "--bisect": self.bisect,
        }
        chosen = [option for option, is_chosen in modes.items() if is_chosen]
        if len(chosen) > 1:
            raise UsageError(f"{' and '.join(chosen)} can't be given together; give one of them")
        if is_shard and (self.update_baseline or self.tighten):
            raise UsageError(f"{chosen[0]} needs all that is measured; leave out --shard")
        if self.tighten and patterns:
            raise UsageError(
                "--tighten: a limit may hold for several scenarios, so that all of them have to be measured; "
                f"leave out {' '.join(patterns)}"
            )


def _share(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Callback: ``5%`` to 0.05."""
    try:
        percent = float(value.removesuffix("%")) if value.endswith("%") else -1.0
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= _MOST_PERCENT:
        raise click.BadParameter(f"{value!r} is not a percentage; write it like 5%", ctx, param)
    return percent / 100


check_options = gathered(
    "check",
    CheckOptions,
    option(
        "--config",
        type=UserPath(),
        metavar="FILE",
        help="The project's configuration.  [default: [tool.cachekit-memprobe] in pyproject.toml, or "
        "memprobe.toml, here or in a folder above]",
    ),
    option(
        "--baseline",
        type=UserPath(),
        metavar="FILE",
        help="The baseline that limits such as +5% are over.  [default: memprobe-baseline.json beside the "
        "configuration]",
    ),
    option(
        "--explain",
        is_flag=True,
        help="Measure nothing; say which line of which file sets each limit, and what it overrides.",
    ),
    option(
        "--update-baseline",
        is_flag=True,
        help="Write what is measured to memprobe-baseline.json beside the configuration, to be committed. "
        "Limits such as +5% are over it. Of some scenarios, those of the others stay.",
    ),
    option(
        "--tighten",
        is_flag=True,
        help="Lower the limits in the configuration to what is reached and --headroom. None is raised, and "
        "nothing else in the file is changed.",
    ),
    option(
        "--headroom",
        callback=_share,
        metavar="PERCENT",
        default="5%",
        show_default=True,
        help="How much more than is reached --tighten allows; what differs by chance comes on top.",
    ),
    option(
        "--bisect",
        is_flag=True,
        help="For git bisect run: end with 125 if something could not be measured, which skips the commit, "
        "and with 128 if the check could not be done, which ends the bisection.",
    ),
    group=Group.JUDGING,
)
