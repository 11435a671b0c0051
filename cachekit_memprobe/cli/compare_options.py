"""How ``--fail-on`` is read."""

import click

from cachekit_memprobe.cli import completing
from cachekit_memprobe.cli.help import Group, option
from cachekit_memprobe.comparison import Allowance
from cachekit_memprobe.metrics import NAMES
from cachekit_memprobe.units import parse_bytes, parse_payloads


def _parsed(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Allowance, ...]:
    """Callback: each ``METRIC:+0.1x`` or ``METRIC:+10MB`` to an allowance, no metric twice."""
    allowances = tuple(_allowance(value, ctx, param) for value in values)
    names = [one.metric for one in allowances]
    for name in names:
        if names.count(name) > 1:
            raise click.BadParameter(f"{name} is given twice", ctx, param)
    return allowances


def _allowance(value: str, ctx: click.Context, param: click.Parameter) -> Allowance:
    from cachekit_memprobe.scenario import closest_metric

    metric, colon, amount = (part.strip() for part in value.partition(":"))
    if not colon or not amount.startswith("+"):
        raise click.BadParameter(
            f"{value!r} is not METRIC:+AMOUNT; write it like rss.peak:+0.1x or copies.total:+10MB", ctx, param
        )
    if metric not in NAMES:
        raise click.BadParameter(f"{metric!r} is not a metric; {closest_metric(metric)}", ctx, param)
    try:
        if amount.endswith("x"):
            return Allowance(metric, parse_payloads(amount[1:]), None)
        return Allowance(metric, None, parse_bytes(amount[1:]))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


fail_on_option = option(
    "--fail-on",
    "allowances",
    group=Group.JUDGING,
    callback=_parsed,
    shell_complete=completing.allowances,
    metavar="METRIC:+AMOUNT",
    multiple=True,
    help="End with 1 if NEW has more of this metric than BASE by more than the amount, in payloads "
    "(rss.peak:+0.1x) or as a size (copies.total:+10MB), and by more than chance. May be given several "
    "times.",
)
