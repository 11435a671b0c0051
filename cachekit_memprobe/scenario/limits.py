"""Limits: a metric, and how much of it a read may use."""

from cachekit_memprobe import metrics, units
from cachekit_memprobe.model import Level, Limit
from cachekit_memprobe.scenario.problems import closest, did_you_mean

EXAMPLE = "1.3x"


def parse_limit(metric: str, text: str, level: Level = "error", where: str = "") -> Limit:
    """Read one limit, as in a scenario's ``[budget]`` or on the command line.

    Args:
        metric: one of ``metrics.NAMES``.
        text: a multiple of the payload such as ``1.3x``, or a size with its unit such as ``100MiB``.
        level: ``warn`` for a limit that doesn't fail the run.
        where: the condition under which it holds, see :func:`conditions.parse_condition`.

    Raises:
        ValueError: the metric doesn't exist, or the text is not a limit; the message has the remedy.
    """
    if metric not in metrics.NAMES:
        raise ValueError(f"{metric!r} is not a metric; {metric_remedy(metric)}")
    amount = text.strip()
    try:
        if amount.endswith("x"):
            return Limit(metric, units.parse_payloads(amount), None, level, where)
        # A bare number would be bytes: 1.3 for 1.3x would be a limit of one byte.
        if amount[-1:].isalpha():
            return Limit(metric, None, units.parse_bytes(amount), level, where)
    except ValueError:
        pass
    raise ValueError(
        f"{text!r} is not a limit; "
        f"write a multiple of the payload such as {EXAMPLE}, or a size such as 100MiB"
    )


def metric_remedy(metric: str) -> str:
    """What to write instead of a metric that doesn't exist."""
    matches = closest(metric, metrics.NAMES)
    if matches:
        return did_you_mean(matches)
    return "the metrics are " + ", ".join(entry.name for entry in metrics.METRICS)
