"""What the command line changes in a scenario."""

from collections.abc import Sequence
from dataclasses import replace

from cachekit_memprobe.model import Limit, Scenario


def with_overrides(
    scenario: Scenario, *, size_bytes: int | None = None, limits: Sequence[Limit] = ()
) -> Scenario:
    """A scenario with another size, or with other limits.

    Args:
        scenario: stays as it is.
        size_bytes: the value's logical size; the scenario's own when ``None``.
        limits: each replaces the limits of the same metric, or is added; of two for one metric, the last.

    Raises:
        ValueError: the size is not positive.
    """
    if size_bytes is not None and size_bytes <= 0:
        raise ValueError(f"{size_bytes} is not a positive size")
    logical_bytes = scenario.value.logical_bytes if size_bytes is None else size_bytes
    budget: dict[str, list[Limit]] = {}
    for limit in scenario.budget:
        budget.setdefault(limit.metric, []).append(limit)
    budget |= {limit.metric: [limit] for limit in limits}
    return replace(
        scenario,
        value=replace(scenario.value, logical_bytes=logical_bytes),
        budget=tuple(limit for of_metric in budget.values() for limit in of_metric),
    )
